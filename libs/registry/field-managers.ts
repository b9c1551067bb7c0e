import type { ResourceDefinition } from '../api/definition.ts';
import type { KubeObject } from '../api/meta.ts';
import type { Clock } from '../base/clock.ts';
import type { WriteRequest } from './requests.ts';

/** Records who set which fields of a new object. */
export function recordCreate(
  _definition: ResourceDefinition,
  _draft: KubeObject,
  _request: WriteRequest,
  _clock: Clock,
): void {}

export interface Change {
  readonly draft: KubeObject;
  readonly previous: KubeObject;
  readonly request: WriteRequest;
  readonly clock: Clock;
}

/** Records who changed which fields. */
export function recordUpdate(_definition: ResourceDefinition, _change: Change): void {}
