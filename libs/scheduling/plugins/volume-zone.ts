import { type Plugin, wakesOn } from '../plugin.ts';
import { perVersion, type Volumes } from '../volumes.ts';

export const reason = 'node(s) had no available volume zone';
const stableKeys = ['topology.kubernetes.io/zone', 'topology.kubernetes.io/region'];
/** Older names of the same. */
const formerKeys: Readonly<Record<string, string>> = {
  'failure-domain.beta.kubernetes.io/zone': 'topology.kubernetes.io/zone',
  'failure-domain.beta.kubernetes.io/region': 'topology.kubernetes.io/region',
};
const keys = [...stableKeys, ...Object.keys(formerKeys)];
/** Between the zones of a volume that is in several. */
const separator = '__';

/** Keeps a pod to the zones and regions that its volumes name in their labels. */
export const volumeZone: Plugin = {
  name: 'VolumeZone',
  wakesOn: wakesOn.nodeAdded | wakesOn.nodeLabels | wakesOn.volumes,
  judge({ claims }, _labels, { table, volumes }) {
    if (claims.length === 0) return undefined;
    const places = perVersion(volumes, () => claims.flatMap((claim) => placesOf(claim, volumes)));
    return {
      isResolvable: false,
      local: {
        epoch: () => volumes.version,
        filter(slot) {
          const labels = table.labels(slot);
          // A node without any of them is on a cluster that has no zones.
          if (!keys.some((key) => labels[key] !== undefined)) return undefined;
          for (const { key, values } of places()) {
            const value = labels[key] ?? labels[formerKeys[key] ?? ''];
            if (value === undefined || !values.includes(value)) return reason;
          }
          return undefined;
        },
      },
    };
  },
};

/** A label of a volume that says where it is: a node must have one of the values. */
interface Place {
  key: string;
  values: readonly string[];
}

function placesOf(claim: string, volumes: Volumes): Place[] {
  const state = volumes.stateOf(claim);
  const labels = state.kind === 'bound' ? state.volume?.metadata?.labels : undefined;
  return keys.flatMap((key) => {
    const values = labels?.[key]?.split(separator);
    return values === undefined ? [] : [{ key, values }];
  });
}
