import type { V1PersistentVolume } from '../../api/gen/types.ts';
import { type Plugin, wakesOn } from '../plugin.ts';

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
    return {
      isResolvable: false,
      local: {
        epoch: () => volumes.version,
        filter(slot) {
          const labels = table.labels(slot);
          // A node without any of them is on a cluster that has no zones.
          if (!keys.some((key) => labels[key] !== undefined)) return undefined;
          for (const claim of claims) {
            const state = volumes.stateOf(claim);
            if (state.kind === 'bound' && state.volume && !isInZone(state.volume, labels)) return reason;
          }
          return undefined;
        },
      },
    };
  },
};

function isInZone({ metadata }: V1PersistentVolume, labels: Readonly<Record<string, string>>): boolean {
  return keys.every((key) => {
    const zones = metadata?.labels?.[key];
    if (zones === undefined) return true;
    const zone = labels[key] ?? labels[formerKeys[key] ?? ''];
    return zone !== undefined && zones.split(separator).includes(zone);
  });
}
