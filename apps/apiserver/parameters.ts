import type { UserInfo } from '../../libs/auth/user.ts';
import { badRequest, invalid } from '../../libs/registry/errors.ts';
import type {
  DeleteRequest,
  FieldValidation,
  ListRequest,
  PropagationPolicy,
  WatchRequest,
  WriteRequest,
} from '../../libs/registry/requests.ts';

/** Who asks, and where warnings go. */
export interface Asker {
  readonly user: UserInfo;
  readonly userAgent: string | undefined;
  warn(text: string): void;
  /** Notes something in the audit log, where there is one. */
  annotate?(key: string, value: string): void;
}

const fieldManagerLettersMax = 128;
const printable = /^[^\p{C}\p{Zl}\p{Zp}]*$/u;

/** @throws StatusError BadRequest, Invalid. */
export function listRequest(query: URLSearchParams, namespace: string | undefined): ListRequest {
  if (query.size === 0) return { namespace };
  integer(query, 'timeoutSeconds');
  return {
    namespace,
    labelSelector: query.get('labelSelector') ?? undefined,
    fieldSelector: query.get('fieldSelector') ?? undefined,
    limit: integer(query, 'limit'),
    continue: query.get('continue') || undefined,
    resourceVersion: query.get('resourceVersion') || undefined,
    resourceVersionMatch: query.get('resourceVersionMatch') || undefined,
    sendInitialEvents: query.has('sendInitialEvents') ? boolean(query, 'sendInitialEvents') : undefined,
  };
}

export function watchRequest(query: URLSearchParams, namespace: string | undefined): WatchRequest {
  return {
    namespace,
    labelSelector: query.get('labelSelector') ?? undefined,
    fieldSelector: query.get('fieldSelector') ?? undefined,
    continue: query.get('continue') || undefined,
    resourceVersion: query.get('resourceVersion') || undefined,
    resourceVersionMatch: query.get('resourceVersionMatch') || undefined,
    sendInitialEvents: query.has('sendInitialEvents') ? boolean(query, 'sendInitialEvents') : undefined,
    allowBookmarks: boolean(query, 'allowWatchBookmarks'),
  };
}

const optionsKinds = { create: 'CreateOptions', update: 'UpdateOptions', patch: 'PatchOptions' } as const;

export function writeRequest(
  asker: Asker,
  { verb, query }: { verb: string; query: URLSearchParams },
  subresource: string | undefined,
): WriteRequest {
  const kind = optionsKinds[verb as keyof typeof optionsKinds] ?? 'UpdateOptions';
  return {
    user: asker.user,
    warn: asker.warn,
    annotate: asker.annotate,
    subresource,
    dryRun: dryRun(query.getAll('dryRun'), kind),
    fieldManager: fieldManager(query.get('fieldManager'), asker.userAgent, kind),
    fieldValidation: fieldValidation(query.get('fieldValidation'), kind),
  };
}

/** Options of a deletion, from the query and, where the body has them, from the body. */
export function deleteRequest(asker: Asker, query: URLSearchParams, body: Record<string, unknown>): DeleteRequest {
  const grace = body.gracePeriodSeconds ?? integer(query, 'gracePeriodSeconds');
  if (typeof grace === 'string') throw badRequest(`gracePeriodSeconds: ${JSON.stringify(grace)} is not a number`);
  const orphan =
    body.orphanDependents ?? (query.has('orphanDependents') ? boolean(query, 'orphanDependents') : undefined);
  const policy = body.propagationPolicy ?? query.get('propagationPolicy') ?? undefined;
  const dry = Array.isArray(body.dryRun) ? (body.dryRun as string[]) : query.getAll('dryRun');
  return {
    user: asker.user,
    warn: asker.warn,
    annotate: asker.annotate,
    dryRun: dryRun(dry, 'DeleteOptions'),
    // What is negative counts as next to nothing.
    gracePeriodSeconds: typeof grace === 'number' ? (grace < 0 ? 1 : grace) : undefined,
    propagationPolicy: propagation(policy, orphan),
    preconditions: body.preconditions as DeleteRequest['preconditions'],
  };
}

function propagation(policy: unknown, orphan: unknown): PropagationPolicy | undefined {
  if (policy !== undefined && policy !== null) {
    if (orphan !== undefined && orphan !== null) {
      refuse(
        'DeleteOptions',
        'propagationPolicy',
        'FieldValueInvalid',
        'orphanDependents and propagationPolicy exclude each other',
      );
    }
    if (policy === 'Foreground' || policy === 'Background' || policy === 'Orphan') return policy;
    refuse('DeleteOptions', 'propagationPolicy', 'FieldValueNotSupported', `Unsupported value: "${policy}"`);
  }
  if (orphan === true) return 'Orphan';
  return orphan === false ? 'Background' : undefined;
}

function dryRun(values: readonly string[], kind: string): boolean {
  if (values.length === 0) return false;
  if (values.some((value) => value !== 'All')) {
    refuse(
      kind,
      'dryRun',
      'FieldValueNotSupported',
      `Unsupported value: ${JSON.stringify(values)}: supported values: "All"`,
    );
  }
  return true;
}

function fieldValidation(value: string | null, kind: string): FieldValidation {
  if (value === null || value === '' || value === 'Warn') return 'Warn';
  if (value === 'Strict' || value === 'Ignore') return value;
  return refuse(kind, 'fieldValidation', 'FieldValueNotSupported', `Unsupported value: "${value}"`);
}

/** The manager that the request names, or the first word of the client's name. */
function fieldManager(value: string | null, userAgent: string | undefined, kind: string): string {
  if (value !== null && value.length > fieldManagerLettersMax) {
    refuse(kind, 'fieldManager', 'FieldValueTooLong', `may not be longer than ${fieldManagerLettersMax} bytes`);
  }
  if (value && !printable.test(value)) {
    refuse(kind, 'fieldManager', 'FieldValueInvalid', 'should only contain printable characters');
  }
  if (value) return value;
  const agent = /^[^/ ]*/.exec(userAgent ?? '')?.[0] ?? '';
  return agent.slice(0, fieldManagerLettersMax) || 'unknown';
}

/** Whether an apply takes fields from others; only applies may say so. @throws StatusError Invalid. */
export function forced(query: URLSearchParams, patchType: string): boolean {
  const force = query.get('force');
  if (force === null) return false;
  if (patchType !== 'apply')
    refuse('PatchOptions', 'force', 'FieldValueForbidden', 'may not be specified for non-apply patch');
  return force !== '0' && force.toLowerCase() !== 'false';
}

type Reason = 'FieldValueForbidden' | 'FieldValueInvalid' | 'FieldValueNotSupported' | 'FieldValueTooLong';

function refuse(kind: string, field: string, reason: Reason, message: string): never {
  throw invalid({ group: 'meta.k8s.io', kind }, '', [{ field, reason, message }]);
}

/** A number of a query; undefined when it is not there. @throws StatusError BadRequest. */
export function integer(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null || text === '') return undefined;
  if (!/^-?\d{1,15}$/.test(text)) throw badRequest(`${name}: "${text}" is not a whole number`);
  return Number(text);
}

function boolean(query: URLSearchParams, name: string): boolean {
  const text = query.get(name);
  return text !== null && text !== 'false' && text !== '0';
}
