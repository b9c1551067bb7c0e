import type { V1Secret, V1ServiceAccount } from '../../api/gen/types.ts';
import { secrets } from '../../api/kinds/secret.ts';
import { serviceaccounts } from '../../api/kinds/serviceaccount.ts';
import { nameOf, objectKey } from '../../api/meta.ts';
import { Controller, type ControllerContext, type ReconcileResult } from '../../reconcile/controller.ts';
import { unlessMissing } from '../../reconcile/retry.ts';
import { accountNameOf, filled, isFor, type TokenFacts } from './compute.ts';

const accountIndex = 'service-account';

/**
 * Fills secrets of type `kubernetes.io/service-account-token` with a token of their account, and removes those whose
 * account is gone.
 */
export function newServiceAccountTokensController(context: ControllerContext, facts: TokenFacts): Controller {
  const { client, informers } = context;
  const secretCache = informers.of(secrets);
  const accountCache = informers.of(serviceaccounts);
  secretCache.addIndex(accountIndex, (secret) => {
    const name = accountNameOf(secret);
    return name === undefined ? [] : [objectKey({ namespace: secret.metadata?.namespace, name })];
  });

  const accountOf = async (secret: V1Secret, name: string): Promise<V1ServiceAccount | undefined> => {
    const at = { namespace: secret.metadata?.namespace, name };
    const known = accountCache.get(objectKey(at));
    // The secret may be known before an account that was made just before it.
    return isFor(secret, known) ? known : unlessMissing(client.get(serviceaccounts, at));
  };

  const reconcile = async (key: string): Promise<ReconcileResult> => {
    const secret = secretCache.get(key);
    const name = secret && accountNameOf(secret);
    if (!name || secret.metadata?.deletionTimestamp) return {};
    const account = await accountOf(secret, name);
    if (!isFor(secret, account)) {
      const { uid = '', resourceVersion } = secret.metadata ?? {};
      await unlessMissing(client.delete(secrets, nameOf(secret), { preconditions: { uid, resourceVersion } }));
      return {};
    }
    const wanted = filled(secret, account, facts);
    if (wanted) await unlessMissing(client.update(secrets, wanted));
    return {};
  };

  const caches = [secretCache, accountCache];
  const controller = new Controller(context, { name: 'serviceaccount-token', caches, workers: 1, reconcile });
  const enqueue = (secret: V1Secret) => {
    if (accountNameOf(secret) !== undefined) controller.enqueue(objectKey(nameOf(secret)));
  };
  secretCache.addHandler({ added: enqueue, updated: enqueue });
  const enqueueSecretsOf = (account: V1ServiceAccount) => {
    for (const secret of secretCache.byIndex(accountIndex, objectKey(nameOf(account)))) enqueue(secret);
  };
  accountCache.addHandler({ added: enqueueSecretsOf, deleted: enqueueSecretsOf });
  return controller;
}
