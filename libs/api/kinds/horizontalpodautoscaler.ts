import type { ResourceDefinition } from '../definition.ts';
import type { V2HorizontalPodAutoscaler } from '../gen/types.ts';

export const horizontalpodautoscalers: ResourceDefinition<V2HorizontalPodAutoscaler> = {
  group: 'autoscaling',
  version: 'v2',
  kind: 'HorizontalPodAutoscaler',
  plural: 'horizontalpodautoscalers',
  singular: 'horizontalpodautoscaler',
  namespaced: true,
  type: 'V2HorizontalPodAutoscaler',
};
