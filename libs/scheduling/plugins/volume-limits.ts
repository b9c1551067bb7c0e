import { type Plugin, wakesOn } from '../plugin.ts';
import type { PlacedPod } from '../pod-info.ts';
import type { Volumes } from '../volumes.ts';

export const reason = 'node(s) exceed max volume count';

/** Keeps the volumes in use on a node within what its drivers can attach there, as its CSINode says. */
export const volumeLimits: Plugin = {
  name: 'NodeVolumeLimits',
  wakesOn: wakesOn.nodeAdded | wakesOn.podRemoved | wakesOn.volumes,
  judge({ claims }, _labels, { table, volumes }) {
    if (claims.length === 0) return undefined;
    return {
      isResolvable: true,
      local: {
        epoch: () => volumes.version,
        filter(slot) {
          const limits = volumes.limitsOf(table.names[slot]!);
          if (limits === undefined) return undefined;
          return exceeds(claims, { limits, pods: table.podsOn[slot]!, volumes }) ? reason : undefined;
        },
      },
    };
  },
};

interface Node {
  limits: ReadonlyMap<string, number>;
  pods: Iterable<PlacedPod>;
  volumes: Volumes;
}

/** Whether the claims bring more volumes of a driver than may be attached; a volume that is there already is not new. */
function exceeds(claims: readonly string[], { limits, pods, volumes }: Node): boolean {
  const wanted = attachments(claims, volumes);
  if (![...wanted.values()].some((driver) => limits.has(driver))) return false;
  const attached = new Map<string, string>();
  for (const { info } of pods)
    for (const [id, driver] of attachments(info.shape.claims, volumes)) attached.set(id, driver);
  const grows = new Set([...wanted].filter(([id]) => !attached.has(id)).map(([, driver]) => driver));
  const all = [...new Map([...attached, ...wanted]).values()];
  return [...grows].some((driver) => all.filter((each) => each === driver).length > (limits.get(driver) ?? Infinity));
}

/** The driver of each volume behind the claims, by an identity of the volume. */
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
