import type { V1Pod } from '../api/gen/types.ts';
import type { StoreMirror } from '../cache/mirror.ts';
import { topologyLabels } from '../registry/topology.ts';
import type { AdmissionPlugin } from './chain.ts';

/** Pods that come with their node, such as static ones, get the labels of its zone and region; others when bound. */
export function podTopology(mirror: StoreMirror): AdmissionPlugin {
  return {
    name: 'PodTopologyLabels',
    resources: ['/pods'],
    admit({ operation, object, subresource }) {
      if (operation !== 'create' || subresource !== undefined) return;
      const { metadata, spec } = object as V1Pod;
      const labels = spec?.nodeName ? topologyLabels(mirror, spec.nodeName) : undefined;
      if (labels && metadata) metadata.labels = { ...metadata.labels, ...labels };
    },
  };
}
