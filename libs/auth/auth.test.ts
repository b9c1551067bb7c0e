import { generateKeyPairSync } from 'node:crypto';
import { FakeClock } from '../../test/support/fake-clock.ts';
import type { KubeObject } from '../api/meta.ts';
import { seededRandom } from '../base/random.ts';
import type { ObjectReader } from '../cache/object-reader.ts';
import type { RequestAttributes } from './attributes.ts';
import { BootstrapTokens } from './bootstrap-tokens.ts';
import { defaultRoles } from './default-roles.ts';
import { impersonated } from './impersonation.ts';
import { TokenSigner } from './jwt.ts';
import { NodeAuthorizer } from './node-authorizer.ts';
import { RbacAuthorizer, rulesCover } from './rbac.ts';
import { ServiceAccountTokens } from './service-account-tokens.ts';
import { StaticTokens } from './static-tokens.ts';
import type { UserInfo } from './user.ts';

/** Objects by `group/plural`, under their keys. */
class Shelf implements ObjectReader {
  private readonly shelves = new Map<string, Map<string, KubeObject>>();
  private changes = 0;

  put(path: string, object: KubeObject): this {
    const { namespace, name } = object.metadata ?? {};
    const shelf = this.shelves.get(path) ?? new Map();
    this.shelves.set(path, shelf.set(namespace ? `${namespace}/${name}` : name, object));
    this.changes += 1;
    return this;
  }

  remove(path: string, key: string): void {
    this.shelves.get(path)?.delete(key);
    this.changes += 1;
  }

  get<T extends KubeObject>(group: string, plural: string, key: string): T | undefined {
    return this.shelves.get(`${group}/${plural}`)?.get(key) as T | undefined;
  }

  list<T extends KubeObject>(group: string, plural: string): T[] {
    return [...(this.shelves.get(`${group}/${plural}`)?.values() ?? [])] as T[];
  }

  version(): number {
    return this.changes;
  }
}

const rbacGroup = 'rbac.authorization.k8s.io';
const pem = (type: 'ec' | 'rsa') =>
  (type === 'ec'
    ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
    : generateKeyPairSync('rsa', { modulusLength: 2048 })
  ).privateKey
    .export({ type: 'pkcs8', format: 'pem' })
    .toString();

function wants(verb: string, path: string, at: { namespace?: string; name?: string } = {}): RequestAttributes {
  const [group = '', plural = '', subresource] = path.split('/');
  return { verb, path: '', resource: { group, version: 'v1', plural, subresource, ...at } };
}

describe('service account tokens', () => {
  const account = { metadata: { name: 'a', namespace: 'n', uid: 'account-uid' } };
  const pod = { metadata: { name: 'p', namespace: 'n', uid: 'pod-uid' } };
  const issuer = 'https://issuer';

  function setUp() {
    const objects = new Shelf().put('/serviceaccounts', account).put('/pods', pod);
    const clock = new FakeClock();
    const signer = new TokenSigner(pem('ec'));
    const tokens = new ServiceAccountTokens({ signer, issuer, objects, clock, random: seededRandom(1) });
    const { token } = tokens.issue({
      namespace: 'n',
      serviceAccount: { name: 'a', uid: 'account-uid' },
      audiences: [],
      expirationSeconds: 600,
      pod: { name: 'p', uid: 'pod-uid' },
    });
    return { objects, clock, tokens, token };
  }

  it('name their account, its groups and their pod', async () => {
    const { tokens, token } = setUp();
    expect(await tokens.authenticate(token)).toMatchObject({
      name: 'system:serviceaccount:n:a',
      uid: 'account-uid',
      groups: ['system:serviceaccounts', 'system:serviceaccounts:n', 'system:authenticated'],
      extra: { 'authentication.kubernetes.io/pod-name': ['p'] },
    });
  });

  const endings: Array<{
    name: string;
    end: (parts: ReturnType<typeof setUp>) => Promise<unknown> | string | undefined;
  }> = [
    { name: 'their time', end: ({ clock }) => clock.advance(601_000) },
    { name: 'their account', end: ({ objects }) => void objects.remove('/serviceaccounts', 'n/a') },
    { name: 'their pod', end: ({ objects }) => void objects.remove('/pods', 'n/p') },
    {
      name: 'a pod of the same name',
      end: ({ objects }) => void objects.put('/pods', { metadata: { ...pod.metadata, uid: 'other' } }),
    },
    {
      name: 'a changed letter',
      end: ({ token }) => `${token.slice(0, -9)}${token.at(-9) === 'A' ? 'B' : 'A'}${token.slice(-8)}`,
    },
    { name: 'nonsense', end: () => 'a.b.c' },
  ];
  it.each(endings)('end with $name', async ({ end }) => {
    const parts = setUp();
    expect(await parts.tokens.authenticate(parts.token)).toBeDefined();
    const changed = await end(parts);
    expect(await parts.tokens.authenticate(typeof changed === 'string' ? changed : parts.token)).toBeUndefined();
  });

  it('are good for their audiences only', () => {
    const { tokens } = setUp();
    const serviceAccount = { name: 'a', uid: 'account-uid' };
    const { token } = tokens.issue({ namespace: 'n', serviceAccount, audiences: ['vault'], expirationSeconds: 600 });
    expect(tokens.userOf(token, ['vault', 'other'])?.audiences).toEqual(['vault']);
    expect(tokens.userOf(token, [issuer])).toBeUndefined();
  });

  it.each(['ec', 'rsa'] as const)('are signed with %s keys', (type) => {
    const signer = new TokenSigner(pem(type));
    const token = signer.sign({ sub: 'x' });
    expect(signer.verify(token)).toEqual({ sub: 'x' });
    expect(new TokenSigner(pem(type)).verify(token)).toBeUndefined();
  });
});

describe('bootstrap tokens', () => {
  const field = (text: string) => Buffer.from(text).toString('base64');
  const secret = (more: Record<string, string> = {}) => ({
    type: 'bootstrap.kubernetes.io/token',
    metadata: { name: 'bootstrap-token-abcdef', namespace: 'kube-system' },
    data: {
      'token-id': field('abcdef'),
      'token-secret': field('0123456789abcdef'),
      'usage-bootstrap-authentication': field('true'),
      ...more,
    },
  });
  const cases = [
    { name: 'the right token', token: 'abcdef.0123456789abcdef', object: secret(), known: true },
    { name: 'a wrong secret', token: 'abcdef.0123456789abcdeX', object: secret(), known: false },
    { name: 'an unknown one', token: 'zzzzzz.0123456789abcdef', object: secret(), known: false },
    {
      name: 'one that is over',
      token: 'abcdef.0123456789abcdef',
      object: secret({ expiration: field('2020-01-01T00:00:00Z') }),
      known: false,
    },
    {
      name: 'one for other uses',
      token: 'abcdef.0123456789abcdef',
      object: secret({ 'usage-bootstrap-authentication': '' }),
      known: false,
    },
  ];
  it.each(cases)('know $name', async ({ token, object, known }) => {
    const tokens = new BootstrapTokens(new Shelf().put('/secrets', object), new FakeClock());
    const user = await tokens.authenticate(token);
    expect(user?.name).toBe(known ? 'system:bootstrap:abcdef' : undefined);
  });
});

describe('roles', () => {
  const shelf = () => {
    const objects = new Shelf();
    for (const { plural, object } of defaultRoles()) objects.put(`${rbacGroup}/${plural}`, object);
    const bind = (name: string, role: string, namespace?: string) => {
      const binding = {
        metadata: { name, namespace },
        roleRef: { kind: 'ClusterRole', name: role },
        subjects: [{ kind: 'User', name }],
      };
      objects.put(`${rbacGroup}/${namespace ? 'rolebindings' : 'clusterrolebindings'}`, binding as KubeObject);
    };
    bind('viewer', 'view');
    bind('editor', 'edit', 'n');
    bind('chief', 'cluster-admin');
    return objects;
  };
  const authorizer = new RbacAuthorizer(shelf());
  const user = (name: string): UserInfo => ({ name, groups: ['system:authenticated'] });

  const cases: Array<[who: string, verb: string, path: string, namespace: string | undefined, allowed: boolean]> = [
    ['viewer', 'list', '/pods', undefined, true],
    ['viewer', 'get', '/secrets', 'n', false],
    ['viewer', 'create', '/pods', 'n', false],
    ['editor', 'create', 'apps/deployments', 'n', true],
    ['editor', 'create', 'apps/deployments', 'm', false],
    ['editor', 'get', '/pods/log', 'n', true],
    ['editor', 'create', `${rbacGroup}/roles`, 'n', false],
    ['chief', 'escalate', `${rbacGroup}/clusterroles`, undefined, true],
    ['nobody', 'get', '/pods', 'n', false],
    ['nobody', 'create', 'authorization.k8s.io/selfsubjectaccessreviews', undefined, true],
    ['system:kube-scheduler', 'create', '/pods/binding', 'n', true],
    ['system:kube-controller-manager', 'update', 'apps/replicasets/status', 'n', true],
  ];
  it.each(cases)('%s may %s %s in %s: %s', (who, verb, path, namespace, allowed) => {
    expect(authorizer.authorize(user(who), wants(verb, path, { namespace })).verdict).toBe(allowed ? 'allow' : 'none');
  });

  it('cover each other rule by rule', () => {
    const rule = { verbs: ['get', 'list'], apiGroups: [''], resources: ['pods'] };
    expect(rulesCover([rule], { ...rule, verbs: ['get'] })).toBe(true);
    expect(rulesCover([rule], { ...rule, verbs: ['get', 'delete'] })).toBe(false);
    expect(rulesCover([{ ...rule, resourceNames: ['a'] }], rule)).toBe(false);
    expect(rulesCover([{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }], rule)).toBe(true);
  });

  it('let those act as others who may', () => {
    const asOther = (name: string) => impersonated(authorizer, user(name), { 'impersonate-user': 'bob' });
    expect(asOther('chief')).toMatchObject({ name: 'bob', groups: ['system:authenticated'] });
    expect(() => asOther('viewer')).toThrow(/cannot impersonate resource "users"/);
    expect(() => impersonated(authorizer, user('chief'), { 'impersonate-group': 'g' })).toThrow(/must be impersonated/);
  });
});

describe('the node authorizer', () => {
  const pod = {
    metadata: { name: 'p', namespace: 'n' },
    spec: { nodeName: 'mine', volumes: [{ name: 'v', secret: { secretName: 's' } }], containers: [] },
  };
  const authorizer = new NodeAuthorizer(new Shelf().put('/pods', pod as KubeObject));
  const node: UserInfo = { name: 'system:node:mine', groups: ['system:nodes'] };
  const cases: Array<[verb: string, path: string, at: { namespace?: string; name?: string }, allowed: boolean]> = [
    ['get', '/secrets', { namespace: 'n', name: 's' }, true],
    ['get', '/secrets', { namespace: 'n', name: 'other' }, false],
    ['list', '/secrets', { namespace: 'n' }, false],
    ['get', '/configmaps', { namespace: 'm', name: 's' }, false],
    ['patch', '/nodes/status', { name: 'mine' }, true],
    ['patch', '/nodes/status', { name: 'theirs' }, false],
    ['patch', '/pods/status', { namespace: 'n', name: 'p' }, true],
    ['patch', '/pods/status', { namespace: 'n', name: 'q' }, false],
    ['create', '/serviceaccounts/token', { namespace: 'n', name: 'default' }, true],
    ['create', '/serviceaccounts/token', { namespace: 'n', name: 'admin' }, false],
    ['update', 'coordination.k8s.io/leases', { namespace: 'kube-node-lease', name: 'mine' }, true],
    ['update', 'coordination.k8s.io/leases', { namespace: 'kube-node-lease', name: 'theirs' }, false],
    ['delete', 'apps/deployments', { namespace: 'n', name: 'd' }, false],
  ];
  it.each(cases)('%s %s %j: %s', (verb, path, at, allowed) => {
    expect(authorizer.authorize(node, wants(verb, path, at)).verdict).toBe(allowed ? 'allow' : 'none');
  });
});

describe('who acts as another', () => {
  const mayAll = { authorize: () => ({ verdict: 'allow' as const }) };
  const admin: UserInfo = { name: 'admin', groups: [] };

  it.each<[string, Record<string, string>, Partial<UserInfo>]>([
    ['a person', { 'impersonate-user': 'jane' }, { name: 'jane', groups: ['system:authenticated'] }],
    ['nobody', { 'impersonate-user': 'system:anonymous' }, { groups: ['system:unauthenticated'] }],
    [
      'a service account',
      { 'impersonate-user': 'system:serviceaccount:n:a' },
      { groups: ['system:serviceaccounts', 'system:serviceaccounts:n', 'system:authenticated'] },
    ],
    [
      'somebody with all that belongs to them',
      { 'impersonate-user': 'j', 'impersonate-group': 'a, b', 'impersonate-uid': '7', 'impersonate-extra-a%2fb': 'x' },
      { uid: '7', groups: ['a', 'b', 'system:authenticated'], extra: { 'a/b': ['x'] } },
    ],
    [
      'a key that is not well encoded',
      { 'impersonate-user': 'j', 'impersonate-extra-%': 'x' },
      { extra: { '%': ['x'] } },
    ],
  ])('is %s', (_, headers, user) => {
    expect(impersonated(mayAll, admin, headers)).toMatchObject(user);
  });

  it('may do so for each part only', () => {
    const asked: string[] = [];
    const authorizer = {
      authorize: (_user: UserInfo, { resource }: RequestAttributes) => {
        asked.push(`${resource?.plural}/${resource?.subresource ?? ''} ${resource?.name}`);
        return { verdict: 'allow' as const };
      },
    };
    const headers = { 'impersonate-user': 'j', 'impersonate-group': 'g', 'impersonate-uid': '7' };
    impersonated(authorizer, admin, { ...headers, 'impersonate-extra-__proto__': 'x' });
    expect(asked).toEqual(['users/ j', 'groups/ g', 'uids/ 7', 'userextras/__proto__ x']);
  });
});

describe('tokens of a file', () => {
  const tokens = new StaticTokens('# people\nsecret-1,jane,7,"dev, ops"\nsecret-2,"joe ""j""",8\n\n');

  it.each([
    ['secret-1', { name: 'jane', uid: '7', groups: ['dev', 'ops', 'system:authenticated'] }],
    ['secret-2', { name: 'joe "j"', uid: '8', groups: ['system:authenticated'] }],
    ['secret-3', undefined],
    ['', undefined],
  ])('%s stands for %j', async (token, user) => {
    expect(await tokens.authenticate(token)).toEqual(user);
  });

  it.each(['a,b', ',b,c', 'x'])('cannot be read from %j', (line) => {
    expect(() => new StaticTokens(`ok,a,1\n${line}`)).toThrow('line 2');
  });
});
