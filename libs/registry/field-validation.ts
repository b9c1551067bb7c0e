import type { ResourceDefinition } from '../api/definition.ts';
import { badRequest } from './errors.ts';
import type { DecodedObject, WriteRequest } from './requests.ts';

/** Refuses, tells or ignores what a body has that its kind has not. @throws StatusError BadRequest. */
export function checkFields(
  definition: ResourceDefinition,
  body: DecodedObject,
  request: Pick<WriteRequest, 'fieldValidation' | 'warn'>,
): void {
  if (request.fieldValidation === 'Ignore' || body.complaints.length === 0) return;
  if (request.fieldValidation === 'Strict') {
    throw badRequest(
      `${definition.kind} in version "${definition.version}" cannot be handled as a ${definition.kind}: ` +
        `strict decoding error: ${body.complaints.join(', ')}`,
    );
  }
  for (const complaint of body.complaints) request.warn(complaint);
}
