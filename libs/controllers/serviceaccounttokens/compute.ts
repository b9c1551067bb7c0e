import type { V1Secret, V1ServiceAccount } from '../../api/gen/types.ts';

export const tokenSecretType = 'kubernetes.io/service-account-token';
const nameAnnotation = 'kubernetes.io/service-account.name';
const uidAnnotation = 'kubernetes.io/service-account.uid';

/** What secrets of accounts hold beside the account's own facts. */
export interface TokenFacts {
  /** The cluster's certificate authority in PEM; secrets are given none when absent. */
  readonly rootCa?: string;
  /** A token with these claims (RFC 7519). */
  sign(claims: object): string;
}

/** The account that a secret is for; undefined for secrets of other types. */
export function accountNameOf({ type, metadata }: V1Secret): string | undefined {
  return type === tokenSecretType ? metadata?.annotations?.[nameAnnotation] : undefined;
}

/** Whether this is the account that the secret was made for, or one of its name where the secret does not say which. */
export function isFor({ metadata }: V1Secret, account: V1ServiceAccount | undefined): account is V1ServiceAccount {
  const uid = metadata?.annotations?.[uidAnnotation];
  return account !== undefined && (!uid || uid === account.metadata?.uid);
}

/** The secret with all that it must hold; undefined when it does. Tokens that are there stay. */
export function filled(
  secret: V1Secret,
  account: V1ServiceAccount,
  { rootCa, sign }: TokenFacts,
): V1Secret | undefined {
  const { data = {}, metadata } = secret;
  const { name = '', namespace = '', annotations } = metadata ?? {};
  const { name: accountName = '', uid = '' } = account.metadata ?? {};
  const added: Record<string, string> = {};
  if (rootCa !== undefined && data['ca.crt'] !== base64(rootCa)) added['ca.crt'] = base64(rootCa);
  if (!data.namespace) added.namespace = base64(namespace);
  if (!data.token) added.token = base64(sign(claimsOf({ namespace, secret: name, account: accountName, uid })));
  if (Object.keys(added).length === 0 && annotations?.[uidAnnotation] === uid) return undefined;
  return {
    ...secret,
    metadata: { ...metadata, annotations: { ...annotations, [nameAnnotation]: accountName, [uidAnnotation]: uid } },
    data: { ...data, ...added },
  };
}

/** As upstream writes them, so that tokens of either outlive a change from one to the other. */
function claimsOf(of: { namespace: string; secret: string; account: string; uid: string }): object {
  return {
    iss: 'kubernetes/serviceaccount',
    'kubernetes.io/serviceaccount/namespace': of.namespace,
    'kubernetes.io/serviceaccount/secret.name': of.secret,
    'kubernetes.io/serviceaccount/service-account.name': of.account,
    'kubernetes.io/serviceaccount/service-account.uid': of.uid,
    sub: `system:serviceaccount:${of.namespace}:${of.account}`,
  };
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
