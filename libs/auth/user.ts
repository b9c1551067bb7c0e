/** Who makes a request, as an authenticator found out. */
export interface UserInfo {
  readonly name: string;
  readonly uid?: string;
  readonly groups: readonly string[];
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

/** The groups that the system itself hands out. */
export const systemGroups = {
  masters: 'system:masters',
  nodes: 'system:nodes',
  authenticated: 'system:authenticated',
  unauthenticated: 'system:unauthenticated',
  serviceAccounts: 'system:serviceaccounts',
  bootstrappers: 'system:bootstrappers',
} as const;

/** A request that carries no credentials. */
export const anonymousUser: UserInfo = { name: 'system:anonymous', groups: [systemGroups.unauthenticated] };

/** The control plane acting for itself, in its own process. */
export const loopbackUser: UserInfo = {
  name: 'system:apiserver',
  groups: [systemGroups.masters, systemGroups.authenticated],
};

/** The user name of a service account. */
export function serviceAccountUserName(namespace: string, name: string): string {
  return `system:serviceaccount:${namespace}:${name}`;
}

/** Whoever holds a token of this account. */
export function serviceAccountUser(
  { namespace, name, uid }: { namespace: string; name: string; uid: string },
  extra?: UserInfo['extra'],
): UserInfo {
  const { serviceAccounts, authenticated } = systemGroups;
  const groups = [serviceAccounts, `${serviceAccounts}:${namespace}`, authenticated];
  return { name: serviceAccountUserName(namespace, name), uid, groups, ...(extra && { extra }) };
}
