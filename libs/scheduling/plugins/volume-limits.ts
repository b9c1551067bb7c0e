import { type Plugin, wakesOn } from '../plugin.ts';
import type { PlacedPod } from '../pod-info.ts';
import { perVersion, type Volumes } from '../volumes.ts';

export const reason = 'node(s) exceed max volume count';

/** Keeps the volumes in use on a node within what its drivers can attach there, as its CSINode says. */
export const volumeLimits: Plugin = {
  name: 'NodeVolumeLimits',
  wakesOn: wakesOn.nodeAdded | wakesOn.podRemoved | wakesOn.volumes,
  judge({ claims }, _labels, { table, volumes }) {
    if (claims.length === 0) return undefined;
    const known = perVersion(volumes, () => new KnownAttachments(volumes));
    return {
      isResolvable: true,
      local: {
        epoch: () => volumes.version,
        filter(slot) {
          const limits = volumes.limitsOf(table.names[slot]!);
          if (limits === undefined) return undefined;
          return exceeds(claims, { limits, pods: table.podsOn[slot]!, known: known() }) ? reason : undefined;
        },
      },
    };
  },
};

interface Node {
  limits: ReadonlyMap<string, number>;
  pods: Iterable<PlacedPod>;
  known: KnownAttachments;
}

/** Whether the claims bring more volumes of a driver than may be attached; a volume that is there already is not new. */
function exceeds(claims: readonly string[], { limits, pods, known }: Node): boolean {
  const wanted = known.of(claims);
  if (![...wanted.values()].some((driver) => limits.has(driver))) return false;
  const attached = new Set<string>();
  const counts = new Map<string, number>();
  const attach = (id: string, driver: string) => {
    attached.add(id);
    counts.set(driver, (counts.get(driver) ?? 0) + 1);
  };
  for (const { info } of pods) {
    if (info.shape.claims.length === 0) continue;
    for (const [id, driver] of known.of(info.shape.claims)) if (!attached.has(id)) attach(id, driver);
  }
  const added = [...wanted].filter(([id]) => !attached.has(id));
  for (const [id, driver] of added) attach(id, driver);
  return added.some(([, driver]) => counts.get(driver)! > (limits.get(driver) ?? Number.POSITIVE_INFINITY));
}

/** What claims attach, found out once for each list of them. */
class KnownAttachments {
  private readonly known = new Map<readonly string[], ReadonlyMap<string, string>>();
  private readonly volumes: Volumes;

  constructor(volumes: Volumes) {
    this.volumes = volumes;
  }

  /** The driver of each volume behind the claims, by an identity of the volume. */
  of(claims: readonly string[]): ReadonlyMap<string, string> {
    let found = this.known.get(claims);
    if (found === undefined) {
      found = attachments(claims, this.volumes);
      this.known.set(claims, found);
    }
    return found;
  }
}

function attachments(claims: readonly string[], volumes: Volumes): Map<string, string> {
  const found = new Map<string, string>();
  for (const key of claims) {
    const state = volumes.stateOf(key);
    const csi = state.kind === 'bound' ? state.volume?.spec?.csi : undefined;
    const claim = state.kind === 'unbound' ? volumes.claim(key) : undefined;
    const provisioner = claim && volumes.classOf(claim)?.provisioner;
    if (csi !== undefined) found.set(`${csi.driver}/${csi.volumeHandle}`, csi.driver);
    else if (provisioner !== undefined) found.set(`${provisioner}/${key}`, provisioner);
  }
  return found;
}
