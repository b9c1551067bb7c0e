import type { ResourceDefinition } from '../api/definition.ts';
import { StatusError } from '../base/status.ts';
import { badRequest } from './errors.ts';
import type { DecodedObject, PatchRequest, WriteRequest } from './requests.ts';

type Request = Pick<WriteRequest, 'fieldValidation' | 'warn'> & Partial<Pick<PatchRequest, 'type'>>;

/** Refuses, tells or ignores what a body has that its kind has not. @throws StatusError BadRequest, of patches Invalid. */
export function checkFields(
  definition: Pick<ResourceDefinition, 'kind' | 'version'>,
  { complaints }: DecodedObject,
  request: Request,
): void {
  if (request.fieldValidation === 'Ignore' || complaints.length === 0) return;
  if (request.fieldValidation === 'Strict') throw refused(definition, complaints, request);
  for (const complaint of complaints) request.warn(complaint);
}

function refused(
  { kind, version }: Pick<ResourceDefinition, 'kind' | 'version'>,
  complaints: readonly string[],
  { type }: Request,
): StatusError {
  const why = `strict decoding error: ${complaints.join(', ')}`;
  if (type === undefined) return badRequest(`${kind} in version "${version}" cannot be handled as a ${kind}: ${why}`);
  const causes = [{ reason: 'FieldValueInvalid', message: `Invalid value: ${why}`, field: 'patch' }];
  return new StatusError('Invalid', ` "" is invalid: patch: Invalid value: ${why}`, { details: { causes } });
}
