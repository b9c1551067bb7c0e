import type { KubeObject } from '../api/meta.ts';
import type { ObjectReader } from '../cache/object-reader.ts';
import { NodeAuthorizer } from './node-authorizer.ts';
import type { UserInfo } from './user.ts';

const group = 'rbac.authorization.k8s.io';

describe('a node', () => {
  const pod = {
    metadata: { name: 'own', namespace: 'x' },
    spec: {
      nodeName: 'n1',
      serviceAccountName: 'account',
      containers: [{ name: 'c', env: [{ name: 'E', valueFrom: { secretKeyRef: { name: 'referred', key: 'k' } } }] }],
      volumes: [
        { name: 'c', configMap: { name: 'referred' } },
        { name: 'p', persistentVolumeClaim: { claimName: 'referred' } },
      ],
    },
  };
  const other = { metadata: { name: 'other', namespace: 'x' }, spec: { nodeName: 'n2', containers: [] } };
  const pods: ObjectReader = {
    get: () => undefined,
    list: <T extends KubeObject>(_: string, plural: string) =>
      (plural === 'pods' ? [pod, other] : []) as unknown as T[],
    version: () => 1,
  };
  const authorizer = new NodeAuthorizer(pods);
  const node: UserInfo = { name: 'system:node:n1', groups: ['system:nodes', 'system:authenticated'] };
  const allowed = (verb: string, text: string, namespace?: string, name?: string) => {
    const [of = '', plural = '', subresource] = text.split('/');
    const resource = { group: of, version: 'v1', plural, subresource, namespace, name };
    return authorizer.authorize(node, { verb, path: '', resource }).verdict === 'allow';
  };

  /** Changing verbs, by resource and name: whatever is not here is refused. What is created is held to its content. */
  const mayChange = [
    ...['update', 'patch'].flatMap((verb) => [`${verb} /nodes n1`, `${verb} /nodes/status n1`]),
    ...['update', 'patch'].map((verb) => `${verb} /pods/status own`),
    'delete /pods own',
  ];
  const changing = ['update', 'patch', 'delete', 'deletecollection'];
  const confined = [
    ...['n1', 'n2'].flatMap((name) => [`/nodes ${name}`, `/nodes/status ${name}`]),
    ...['own', 'other'].flatMap((name) =>
      ['', '/status', '/exec', '/eviction', '/ephemeralcontainers'].map((part) => `/pods${part} ${name}`),
    ),
    ...['referred', 'other'].flatMap((name) =>
      ['secrets', 'configmaps', 'persistentvolumeclaims'].map((plural) => `/${plural} ${name}`),
    ),
    ...['account', 'other'].map((name) => `/serviceaccounts ${name}`),
    `${group}/clusterroles x`,
    'apps/deployments x',
  ];

  it('changes nothing but itself and its own pods', () => {
    const found = changing.flatMap((verb) =>
      confined
        .filter((text) => {
          const [resource = '', name] = text.split(' ');
          return allowed(verb, resource, resource.startsWith('/nodes') ? undefined : 'x', name);
        })
        .map((text) => `${verb} ${text}`),
    );
    expect(found.sort()).toEqual(mayChange.sort());
  });

  it.each<[string, string, string, boolean]>([
    ['get', '/secrets', 'referred', true],
    ['get', '/secrets', 'other', false],
    ['list', '/secrets', 'referred', false],
    ['watch', '/secrets', 'referred', false],
    ['get', '/configmaps', 'referred', true],
    ['get', '/configmaps', 'other', false],
    ['get', '/persistentvolumeclaims', 'referred', true],
    ['get', '/persistentvolumeclaims', 'other', false],
    ['get', '/serviceaccounts', 'account', true],
    ['get', '/serviceaccounts', 'other', false],
    ['create', '/serviceaccounts/token', 'account', true],
    ['create', '/serviceaccounts/token', 'other', false],
    ['impersonate', '/users', 'admin', false],
    ['create', '/pods/exec', 'own', false],
    ['create', `${group}/clusterrolebindings`, 'x', false],
  ])('may %s %s %s: %s', (verb, text, name, expected) => {
    expect(allowed(verb, text, 'x', name)).toBe(expected);
  });
});
