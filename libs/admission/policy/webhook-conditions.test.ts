import { asks } from '../../../test/support/registry.ts';
import type { V1MutatingWebhook } from '../../api/gen/types.ts';
import { configmaps } from '../../api/kinds/configmap.ts';
import type { Authorizer } from '../../auth/attributes.ts';
import type { AdmissionAttributes } from '../../registry/parts.ts';
import { webhookConditions } from './webhook-conditions.ts';

const authorizer: Authorizer = { authorize: (_user, { verb }) => ({ verdict: verb === 'get' ? 'allow' : 'none' }) };
const attributes: AdmissionAttributes = {
  ...{ operation: 'create', definition: configmaps, at: { namespace: 'x', name: 'a' }, subresource: undefined },
  object: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', labels: { by: 'test' } } },
  previous: undefined,
  request: asks(),
};

it.each<[string, string[], boolean | string]>([
  ['none is met', [], true],
  ['all are met', ["object.metadata.name == 'a'", "request.operation == 'CREATE'"], true],
  ['one is not', ["object.metadata.name == 'b'", 'true'], false],
  ['one is not and another fails', ['object.none == 1', 'false'], false],
  ['one fails', ['object.none == 1', 'true'], "expression 'object.none == 1' resulted in error: no such key: none"],
  ['one asks the authorizer', ["authorizer.group('').resource('configmaps').check('get').allowed()"], true],
])('the conditions of a webhook when %s', (_what, expressions, verdict) => {
  const matchConditions = expressions.map((expression, i) => ({ name: `c${i}`, expression }));
  const found = webhookConditions(authorizer)({ matchConditions } as V1MutatingWebhook, attributes, configmaps);
  expect(found).toEqual(typeof verdict === 'string' ? { error: verdict } : verdict);
});
