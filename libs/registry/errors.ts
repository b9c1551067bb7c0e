import type { FieldError, ResourceDefinition } from '../api/definition.ts';
import { StatusError } from '../base/status.ts';

/** The part of a resource that answers name. */
export interface Named {
  readonly group: string;
  readonly plural: string;
  readonly kind: string;
}

/** `pods`, or `deployments.apps` outside of the core group. */
export function qualified({ group, plural }: { group: string; plural: string }): string {
  return group === '' ? plural : `${plural}.${group}`;
}

function resourceDetails(resource: { group: string; plural: string }, name: string) {
  return { name, ...(resource.group === '' ? {} : { group: resource.group }), kind: resource.plural };
}

function kindDetails(resource: { group: string; kind: string }, name: string) {
  return {
    ...(name === '' ? {} : { name }),
    ...(resource.group === '' ? {} : { group: resource.group }),
    ...(resource.kind === '' ? {} : { kind: resource.kind }),
  };
}

export function notFound(resource: { group: string; plural: string }, name: string): StatusError {
  return new StatusError('NotFound', `${qualified(resource)} "${name}" not found`, {
    details: resourceDetails(resource, name),
  });
}

export function alreadyExists(
  resource: { group: string; plural: string },
  name: string,
  { beingDeleted = false } = {},
): StatusError {
  const why = `${beingDeleted ? 'object is being deleted: ' : ''}${qualified(resource)} "${name}" already exists`;
  return new StatusError('AlreadyExists', why, {
    details: resourceDetails(resource, name),
  });
}

/** The same of an object that asked for a generated name: another try may find one that is free. */
export function noFreeName({ message, details }: StatusError): StatusError {
  return new StatusError(
    'AlreadyExists',
    `${message}, the server was not able to generate a unique name for the object`,
    {
      details: { ...details, retryAfterSeconds: 1 },
    },
  );
}

export function conflict(resource: { group: string; plural: string }, name: string, why: string): StatusError {
  return new StatusError('Conflict', `Operation cannot be fulfilled on ${qualified(resource)} "${name}": ${why}`, {
    details: resourceDetails(resource, name),
  });
}

export const modifiedMeanwhile =
  'the object has been modified; please apply your changes to the latest version and try again';

/** A precondition on uid or resourceVersion that does not hold. */
export function preconditionFailed(resource: Named, name: string, why: string): StatusError {
  return new StatusError(
    'Conflict',
    `Operation cannot be fulfilled on ${resource.kind}${resource.group === '' ? '' : `.${resource.group}`} "${name}": ${why}`,
    { details: kindDetails(resource, name) },
  );
}

export function forbidden(resource: { group: string; plural: string }, name: string, why: string): StatusError {
  return new StatusError('Forbidden', `${qualified(resource)} "${name}" is forbidden: ${why}`, {
    details: resourceDetails(resource, name),
  });
}

/** What an object is called that is refused: its kind as it is kept. */
export function kindRefused({ group, kind, storedAs }: ResourceDefinition): { group: string; kind: string } {
  return storedAs?.resource ?? { group, kind };
}

/** Refuses an object for its fields; `kind` may be one that is no resource, such as DeleteOptions. */
export function invalid(
  kind: { group: string; kind: string },
  name: string,
  errors: ReadonlyArray<Pick<FieldError, 'field' | 'reason' | 'message'>>,
): StatusError {
  const qualifiedKind = kind.group === '' ? kind.kind : `${kind.kind}.${kind.group}`;
  const texts = errors.map((error) => `${error.field}: ${error.message}`);
  const summary = texts.length === 1 ? texts[0] : `[${texts.join(', ')}]`;
  return new StatusError('Invalid', `${qualifiedKind} "${name}" is invalid: ${summary}`, {
    details: {
      ...kindDetails(kind, name),
      causes: errors.map(({ field, reason, message }) => ({ reason, message, field })),
    },
  });
}

export function badRequest(message: string, cause?: unknown): StatusError {
  return new StatusError('BadRequest', message, cause === undefined ? {} : { cause });
}

export function methodNotAllowed(): StatusError {
  return new StatusError('MethodNotAllowed', 'the server does not allow this method on the requested resource', {
    details: {},
  });
}

/** The address names nothing that is served. */
export function noSuchResource(): StatusError {
  return new StatusError('NotFound', 'the server could not find the requested resource', { details: {} });
}
