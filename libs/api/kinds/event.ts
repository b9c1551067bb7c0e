import type { ResourceDefinition } from '../definition.ts';
import type { CoreV1Event } from '../gen/types.ts';

export const events: ResourceDefinition<CoreV1Event> = {
  group: '',
  version: 'v1',
  kind: 'Event',
  plural: 'events',
  singular: 'event',
  namespaced: true,
  type: 'CoreV1Event',
};
