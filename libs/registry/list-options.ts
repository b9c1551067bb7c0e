import type { FieldError } from '../api/definition.ts';
import { badRequest, invalid } from './errors.ts';
import type { ListRequest, WatchRequest } from './requests.ts';

const listOptions = { group: 'meta.k8s.io', kind: 'ListOptions' };

type Problem = Pick<FieldError, 'reason' | 'message'>;

const forbidden = (message: string): Problem => ({ reason: 'FieldValueForbidden', message });
const supported = (...values: string[]): Problem => {
  return {
    reason: 'FieldValueNotSupported',
    message: `supported values: ${values.map((one) => `"${one}"`).join(', ')}`,
  };
};

function refuse(field: string, problems: ReadonlyArray<Problem | false | undefined | ''>): void {
  const causes = problems.flatMap((problem) => (problem ? { field, ...problem } : []));
  if (causes.length > 0) throw invalid(listOptions, '', causes);
}

/** Refuses combinations that mean nothing. Source: Kubernetes API concepts, "Resource versions". @throws StatusError. */
export function checkListOptions(request: ListRequest): void {
  const { resourceVersion, resourceVersionMatch: match, sendInitialEvents } = request;
  if (match) {
    refuse('resourceVersionMatch', [
      !resourceVersion && forbidden('forbidden unless resourceVersion is provided'),
      request.continue && forbidden('forbidden when continue is provided'),
      match !== 'Exact' && match !== 'NotOlderThan' && supported('Exact', 'NotOlderThan'),
      match === 'Exact' && resourceVersion === '0' && forbidden('"Exact" is forbidden for resourceVersion "0"'),
    ]);
  }
  refuse('sendInitialEvents', [
    sendInitialEvents !== undefined && forbidden('sendInitialEvents is forbidden for list'),
  ]);
}

/** Watches from nowhere in particular are watches with initial events, as upstream fills in what they leave out. */
export function checkWatchOptions(request: WatchRequest): void {
  const { resourceVersionMatch: match, resourceVersion: version, sendInitialEvents } = request;
  const fromNowhere = !match && sendInitialEvents === undefined && (!version || version === '0');
  refuse('resourceVersionMatch', [
    sendInitialEvents !== undefined && match !== 'NotOlderThan' && forbidden('sendInitialEvents requires NotOlderThan'),
    match && sendInitialEvents === undefined && forbidden('forbidden for watch unless sendInitialEvents is provided'),
    match && match !== 'NotOlderThan' && supported('NotOlderThan'),
    (match || fromNowhere) && request.continue && forbidden('forbidden when continue is provided'),
  ]);
}

/** A resourceVersion of a request as a revision; undefined when not given. @throws StatusError BadRequest. */
export function parseRevision(text: string | undefined): number | undefined {
  if (text === undefined || text === '') return undefined;
  if (!/^\d{1,15}$/.test(text)) throw badRequest(`Invalid value: resourceVersion: "${text}" is not a number`);
  return Number(text);
}
