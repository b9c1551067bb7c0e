import type { WeightedPlugin } from './plugin.ts';
import { balancedAllocation } from './plugins/balanced-allocation.ts';
import { imageLocality } from './plugins/image-locality.ts';
import { interPodAffinity } from './plugins/inter-pod-affinity.ts';
import { nodeAffinity } from './plugins/node-affinity.ts';
import { nodeName } from './plugins/node-name.ts';
import { nodePorts } from './plugins/node-ports.ts';
import { nodeUnschedulable } from './plugins/node-unschedulable.ts';
import { resourcesFit } from './plugins/resources-fit.ts';
import { taintToleration } from './plugins/taint-toleration.ts';
import { topologySpread } from './plugins/topology-spread.ts';
import { volumeBinding } from './plugins/volume-binding.ts';
import { volumeLimits } from './plugins/volume-limits.ts';
import { volumeRestrictions } from './plugins/volume-restrictions.ts';
import { volumeZone } from './plugins/volume-zone.ts';

/** The plugins of the default profile. The first that refuses a node gives the reason; weights are kube-scheduler's. */
export const defaultPlugins: readonly WeightedPlugin[] = [
  { plugin: nodeUnschedulable, weight: 1 },
  { plugin: nodeName, weight: 1 },
  { plugin: taintToleration, weight: 3 },
  { plugin: nodeAffinity, weight: 2 },
  { plugin: nodePorts, weight: 1 },
  { plugin: resourcesFit, weight: 1 },
  { plugin: volumeRestrictions, weight: 1 },
  { plugin: volumeLimits, weight: 1 },
  { plugin: volumeBinding, weight: 1 },
  { plugin: volumeZone, weight: 1 },
  { plugin: topologySpread, weight: 2 },
  { plugin: interPodAffinity, weight: 2 },
  { plugin: balancedAllocation, weight: 1 },
  { plugin: imageLocality, weight: 1 },
];
