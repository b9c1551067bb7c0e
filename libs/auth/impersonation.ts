import type { IncomingHttpHeaders } from 'node:http';
import { StatusError } from '../base/status.ts';
import type { Authorizer } from './attributes.ts';
import { requireAllowed } from './authorize.ts';
import { anonymousUser, systemGroups, type UserInfo } from './user.ts';

const anyPrefix = 'impersonate-';
const extraPrefix = 'impersonate-extra-';
const serviceAccountForm = /^system:serviceaccount:([^:]+):([^:]+)$/;

/**
 * The user that a request wants to act as, when its own user may `impersonate` each part of that identity; the user
 * itself when nothing is asked. @throws StatusError Forbidden, BadRequest.
 */
export function impersonated(authorizer: Authorizer, user: UserInfo, headers: IncomingHttpHeaders): UserInfo {
  if (!asksForAnother(headers)) return user;
  const name = single(headers['impersonate-user']);
  const groups = several(headers['impersonate-group']);
  const uid = single(headers['impersonate-uid']);
  const extra = extraOf(headers);
  if (name === undefined) {
    if (groups.length === 0 && uid === undefined && Object.keys(extra).length === 0) return user;
    throw new StatusError('BadRequest', 'a user must be impersonated wherever groups, a uid or extra fields are');
  }
  const demand = (plural: string, at: { name: string; namespace?: string; group?: string; subresource?: string }) =>
    requireAllowed(authorizer, user, {
      verb: 'impersonate',
      path: '',
      resource: { version: 'v1', plural, group: '', ...at },
    });
  const [, namespace, account] = serviceAccountForm.exec(name) ?? [];
  if (namespace && account) demand('serviceaccounts', { name: account, namespace });
  else demand('users', { name });
  for (const group of groups) demand('groups', { name: group });
  const authentication = 'authentication.k8s.io';
  if (uid !== undefined) demand('uids', { name: uid, group: authentication });
  for (const [key, values] of Object.entries(extra)) {
    for (const value of values) demand('userextras', { name: value, group: authentication, subresource: key });
  }
  return { name, uid, groups: effectiveGroups(name, groups, namespace), extra };
}

/** Nearly no request does. */
function asksForAnother(headers: IncomingHttpHeaders): boolean {
  for (const header in headers) if (header.startsWith(anyPrefix)) return true;
  return false;
}

function effectiveGroups(name: string, groups: readonly string[], namespace: string | undefined): string[] {
  const own =
    namespace && groups.length === 0
      ? [systemGroups.serviceAccounts, `${systemGroups.serviceAccounts}:${namespace}`]
      : [...groups];
  if (own.includes(systemGroups.unauthenticated) || own.includes(systemGroups.authenticated)) return own;
  return [...own, name === anonymousUser.name ? systemGroups.unauthenticated : systemGroups.authenticated];
}

function single(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}

/** Node joins repeated headers with a comma and a blank. */
function several(value: string | string[] | undefined): string[] {
  return [value ?? []].flat().flatMap((text) => text.split(', '));
}

function extraOf(headers: IncomingHttpHeaders): Record<string, string[]> {
  // Without a prototype: every key that somebody sends is one of its own, and must be allowed.
  const found: Record<string, string[]> = Object.create(null);
  for (const [key, value] of Object.entries(headers)) {
    if (!key.startsWith(extraPrefix)) continue;
    found[decoded(key.slice(extraPrefix.length))] = several(value);
  }
  return found;
}

/** A key that is not well encoded stands for itself. */
function decoded(key: string): string {
  try {
    return decodeURIComponent(key);
  } catch {
    return key;
  }
}
