import type { V1Node } from '../api/gen/types.ts';
import type { StoreMirror } from '../cache/mirror.ts';

const zone = 'topology.kubernetes.io/zone';
const region = 'topology.kubernetes.io/region';

/** The labels of where a node stands, which its pods get, so that they can read them. */
export function topologyLabels(mirror: StoreMirror, nodeName: string): Readonly<Record<string, string>> | undefined {
  const labels = (mirror.collection('', 'nodes').get(nodeName)?.object as V1Node | undefined)?.metadata?.labels;
  if (labels?.[zone] === undefined && labels?.[region] === undefined) return undefined;
  return {
    ...(labels[zone] === undefined ? {} : { [zone]: labels[zone] }),
    ...(labels[region] === undefined ? {} : { [region]: labels[region] }),
  };
}
