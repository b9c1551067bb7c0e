import { resetFieldsOf } from '../api/apply/reset-fields.ts';
import { updateManagedFields, type WriteContext } from '../api/apply/update.ts';
import type { ResourceDefinition } from '../api/definition.ts';
import { apiVersionOf, type KubeObject } from '../api/meta.ts';
import { type Clock, rfc3339 } from '../base/clock.ts';
import { expectedOf } from './expected-type.ts';
import { otherVersions } from './other-versions.ts';
import type { WriteRequest } from './requests.ts';

/** Who writes which version of what, for the record of field ownership. */
export function writeContext(definition: ResourceDefinition, request: WriteRequest, clock: Clock): WriteContext {
  return {
    type: expectedOf(definition).type,
    manager: request.fieldManager,
    apiVersion: apiVersionOf(definition),
    subresource: request.subresource,
    // Ownership by way of the scale is not dated.
    time: request.subresource === 'scale' ? '' : rfc3339(clock.now()),
    resetFields: resetFieldsOf(definition, request.subresource),
    versions: otherVersions(definition),
  };
}

/** Records who set which fields of a new object, defaults included; what admission adds later is nobody's. */
export function recordCreate(
  definition: ResourceDefinition,
  draft: KubeObject,
  request: WriteRequest,
  clock: Clock,
): void {
  updateManagedFields(undefined, draft, writeContext(definition, request, clock));
}

export interface Change {
  readonly draft: KubeObject;
  readonly previous: KubeObject;
  readonly request: WriteRequest;
  readonly clock: Clock;
}

/** Records who changed which fields. */
export function recordUpdate(definition: ResourceDefinition, { draft, previous, request, clock }: Change): void {
  if (request.isUnowned) {
    draft.metadata = { ...draft.metadata, managedFields: previous.metadata?.managedFields };
    return;
  }
  updateManagedFields(previous, draft, writeContext(definition, request, clock));
}
