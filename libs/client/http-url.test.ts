import { pathOf, queryOf } from './http-url.ts';

const pods = { group: '', version: 'v1', kind: 'Pod', plural: 'pods', namespaced: true };
const roles = {
  ...{ group: 'rbac.authorization.k8s.io', version: 'v1', kind: 'ClusterRole' },
  ...{ plural: 'clusterroles', namespaced: false },
};

it.each<[string, string]>([
  [pathOf(pods, {}), '/api/v1/pods'],
  [pathOf(pods, { namespace: 'x' }), '/api/v1/namespaces/x/pods'],
  [pathOf(pods, { namespace: 'x', name: 'a' }, 'status'), '/api/v1/namespaces/x/pods/a/status'],
  [pathOf(pods, { namespace: 'x', name: '' }), '/api/v1/namespaces/x/pods/'],
  [
    pathOf(roles, { namespace: 'x', name: 'system:node' }),
    '/apis/rbac.authorization.k8s.io/v1/clusterroles/system%3Anode',
  ],
  [pathOf(roles, { name: '../a?b' }), '/apis/rbac.authorization.k8s.io/v1/clusterroles/..%2Fa%3Fb'],
])('%s is %s', (path, expected) => expect(path).toBe(expected));

it.each<[Record<string, unknown>, string]>([
  [{}, ''],
  [{ limit: undefined, continue: '' }, ''],
  [{ limit: 0, watch: false }, '?limit=0&watch=false'],
  [{ labelSelector: 'a in (b,c)' }, '?labelSelector=a+in+%28b%2Cc%29'],
])('%j is the query %s', (values, query) => expect(queryOf(values)).toBe(query));
