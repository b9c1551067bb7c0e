import type { FieldError } from '../api/definition.ts';
import { badRequest, invalid } from './errors.ts';
import type { ListRequest, WatchRequest } from './requests.ts';

const listOptions = { group: 'meta.k8s.io', kind: 'ListOptions' };

function refuse(field: string, message: string, reason: FieldError['reason'] = 'FieldValueForbidden'): never {
  throw invalid(listOptions, '', [{ field, reason, message }]);
}

/** Refuses combinations that mean nothing. Source: Kubernetes API concepts, "Resource versions". @throws StatusError. */
export function checkListOptions(request: ListRequest): void {
  const { resourceVersion, resourceVersionMatch: match } = request;
  if (request.sendInitialEvents !== undefined) refuse('sendInitialEvents', 'sendInitialEvents is forbidden for list');
  if (!match) return;
  const at = 'resourceVersionMatch';
  if (!resourceVersion) refuse(at, 'resourceVersionMatch is forbidden unless resourceVersion is provided');
  if (request.continue) refuse(at, 'resourceVersionMatch is forbidden when continue is provided');
  if (match !== 'Exact' && match !== 'NotOlderThan') {
    refuse(at, 'supported values: "Exact", "NotOlderThan"', 'FieldValueNotSupported');
  }
  if (match === 'Exact' && resourceVersion === '0')
    refuse(at, 'resourceVersionMatch "Exact" is forbidden for resourceVersion "0"');
}

export function checkWatchOptions(request: WatchRequest): void {
  const { resourceVersionMatch: match, sendInitialEvents } = request;
  if (sendInitialEvents === undefined) {
    if (match)
      refuse(
        'resourceVersionMatch',
        'resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided',
      );
    return;
  }
  if (match !== 'NotOlderThan') {
    refuse('resourceVersionMatch', 'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan');
  }
}

/** A resourceVersion of a request as a revision; undefined when not given. @throws StatusError BadRequest. */
export function parseRevision(text: string | undefined): number | undefined {
  if (text === undefined || text === '') return undefined;
  if (!/^\d{1,15}$/.test(text)) throw badRequest(`Invalid value: resourceVersion: "${text}" is not a number`);
  return Number(text);
}
