import { StatusError } from '../base/status.ts';
import type { Authorizer, Decision, RequestAttributes, ResourceAttributes } from './attributes.ts';
import { systemGroups, type UserInfo } from './user.ts';

/** Members of system:masters may do everything. */
export const mastersAuthorizer: Authorizer = {
  authorize: (user) => (user.groups.includes(systemGroups.masters) ? { verdict: 'allow' } : { verdict: 'none' }),
};

/** The first authorizer with an opinion decides. */
export class AuthorizerChain implements Authorizer {
  constructor(private readonly authorizers: readonly Authorizer[]) {}

  authorize(user: UserInfo, attributes: RequestAttributes): Decision {
    let reason: string | undefined;
    for (const authorizer of this.authorizers) {
      const decision = authorizer.authorize(user, attributes);
      if (decision.verdict !== 'none') return decision;
      reason ??= decision.reason;
    }
    return { verdict: 'none', reason };
  }
}

/** @throws StatusError Forbidden. */
export function requireAllowed(authorizer: Authorizer, user: UserInfo, attributes: RequestAttributes): void {
  const decision = authorizer.authorize(user, attributes);
  if (decision.verdict === 'allow') return;
  throw forbiddenFor(user, attributes, decision.reason);
}

export function forbiddenFor(user: UserInfo, attributes: RequestAttributes, reason?: string): StatusError {
  const because = reason ? `: ${reason}` : '';
  const { resource } = attributes;
  if (!resource) {
    return new StatusError(
      'Forbidden',
      `forbidden: User "${user.name}" cannot ${attributes.verb} path "${attributes.path}"${because}`,
      { details: {} },
    );
  }
  const qualified = resource.group === '' ? resource.plural : `${resource.plural}.${resource.group}`;
  const subject = resource.name ? `${qualified} "${resource.name}"` : qualified;
  return new StatusError(
    'Forbidden',
    `${subject} is forbidden: User "${user.name}" cannot ${attributes.verb} resource ` +
      `"${resource.plural}${resource.subresource ? `/${resource.subresource}` : ''}" in API group "${resource.group}"` +
      `${scopeText(resource)}${because}`,
    { details: { name: resource.name, group: resource.group || undefined, kind: resource.plural } },
  );
}

function scopeText(resource: ResourceAttributes): string {
  return resource.namespace ? ` in the namespace "${resource.namespace}"` : ' at the cluster scope';
}
