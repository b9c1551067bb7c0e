import { builtinKinds } from '../api/kinds/index.ts';
import { reviews } from '../api/kinds/review.ts';
import type { KubeObject } from '../api/meta.ts';
import type { ObjectReader } from '../cache/object-reader.ts';
import type { RequestAttributes } from './attributes.ts';
import { defaultRoles } from './default-roles.ts';
import { NodeAuthorizer } from './node-authorizer.ts';
import { RbacAuthorizer } from './rbac.ts';
import { anonymousUser, type UserInfo } from './user.ts';

const group = 'rbac.authorization.k8s.io';
const roles = defaultRoles();
const verbs = [
  ...['get', 'list', 'watch', 'create', 'update', 'patch', 'delete', 'deletecollection'],
  ...['impersonate', 'bind', 'escalate', 'approve', 'sign', 'proxy', 'use'],
];
const paths = [
  '/',
  '/api',
  '/api/v1',
  '/apis',
  '/healthz',
  '/livez',
  '/metrics',
  '/openapi/v3',
  '/readyz',
  '/version',
  '/logs/x',
];

/** Every resource with each of its subresources, as `group/plural` or `group/plural/part`. */
const resources = [...builtinKinds, ...reviews].flatMap(
  ({ group: of, plural, subresources = [], hasStatus, scale }) => {
    const parts = [
      ...subresources.map(({ name }) => name),
      ...(hasStatus ? ['status'] : []),
      ...(scale ? ['scale'] : []),
    ];
    return [`${of}/${plural}`, ...parts.map((part) => `${of}/${plural}/${part}`)];
  },
);

/** The roles as they are made at start, with bindings of the tested ones to users of their names. */
const objects: ReadonlyArray<{ plural: string; object: KubeObject }> = [
  ...roles,
  ...['admin', 'edit', 'view', 'cluster-admin', 'system:node', 'system:kube-scheduler'].map((name) => ({
    plural: 'clusterrolebindings',
    object: {
      metadata: { name: `everywhere-${name}` },
      roleRef: { apiGroup: group, kind: 'ClusterRole', name },
      subjects: [{ kind: 'User', name: `everywhere-${name}`, apiGroup: group }],
    } as KubeObject,
  })),
  ...['admin', 'edit', 'view'].map((name) => ({
    plural: 'rolebindings',
    object: {
      metadata: { name: `inside-${name}`, namespace: 'inside' },
      roleRef: { apiGroup: group, kind: 'ClusterRole', name },
      subjects: [{ kind: 'User', name: `inside-${name}`, apiGroup: group }],
    } as KubeObject,
  })),
];

const reader: ObjectReader = {
  get: <T extends KubeObject>(_: string, plural: string, key: string) =>
    objects.find((one) => {
      const { namespace, name } = one.object.metadata ?? {};
      return one.plural === plural && (namespace ? `${namespace}/${name}` : name) === key;
    })?.object as T | undefined,
  list: <T extends KubeObject>(_: string, plural: string) =>
    objects.filter((one) => one.plural === plural).map((one) => one.object as T),
  version: () => 1,
};

type Rule = {
  verbs?: string[];
  apiGroups?: string[];
  resources?: string[];
  resourceNames?: string[];
  nonResourceURLs?: string[];
};
type Role = KubeObject & {
  rules?: Rule[];
  aggregationRule?: { clusterRoleSelectors?: Array<{ matchLabels?: Record<string, string> }> };
};
type Binding = KubeObject & {
  roleRef: { kind: string; name: string };
  subjects?: Array<{ kind: string; name: string }>;
};

/**
 * The judgement in the words of the documentation, without an index and without short cuts: all that a role grants as one
 * set of texts, asked for each text that would do.
 */
function grantedBy(role: Role): Set<string> {
  const selectors = role.aggregationRule?.clusterRoleSelectors ?? [];
  const rules = selectors.length
    ? selectors.flatMap(({ matchLabels = {} }) =>
        roles.flatMap(({ object }) => {
          const labels = object.metadata?.labels ?? {};
          const matches = Object.entries(matchLabels).every(([key, value]) => labels[key] === value);
          return matches ? [...expanded(object as Role)] : [];
        }),
      )
    : [...ownRules(role)];
  return new Set(rules);
}

const expanded = (role: Role): Set<string> => (role.aggregationRule ? grantedBy(role) : new Set(ownRules(role)));

function* ownRules({ rules = [] }: Role): Iterable<string> {
  for (const {
    verbs: may = [],
    apiGroups = [],
    resources: of = [],
    resourceNames = [],
    nonResourceURLs = [],
  } of rules) {
    for (const verb of may) {
      for (const url of nonResourceURLs) yield `${verb} path ${url}`;
      if (resourceNames.length > 0) continue;
      for (const one of apiGroups) for (const resource of of) yield `${verb} ${one} ${resource}`;
    }
  }
}

function expectedFor(user: UserInfo, attributes: RequestAttributes): boolean {
  const { resource, path, verb } = attributes;
  const bindings = objects.filter(({ plural, object }) => {
    if (!plural.endsWith('bindings')) return false;
    return plural === 'clusterrolebindings' || object.metadata?.namespace === resource?.namespace;
  });
  return bindings.some(({ object }) => {
    const { subjects = [], roleRef } = object as Binding;
    const meant = subjects.some(({ kind, name }) =>
      kind === 'User' ? name === user.name : kind === 'Group' && user.groups.includes(name),
    );
    const plural = roleRef.kind === 'ClusterRole' ? 'clusterroles' : 'roles';
    const role = objects.find((one) => {
      return (
        one.plural === plural &&
        one.object.metadata?.name === roleRef.name &&
        (plural === 'clusterroles' || one.object.metadata?.namespace === object.metadata?.namespace)
      );
    });
    if (!meant || !role) return false;
    const granted = cached(role.object as Role);
    if (!resource) {
      return [...granted].some((text) => {
        const [may, kind, url = ''] = text.split(' ');
        if (kind !== 'path' || (may !== verb && may !== '*')) return false;
        return url.endsWith('*') ? path.startsWith(url.slice(0, -1)) : url === path;
      });
    }
    const wanted = resource.subresource ? `${resource.plural}/${resource.subresource}` : resource.plural;
    const plurals = ['*', wanted, ...(resource.subresource ? [`*/${resource.subresource}`] : [])];
    return [verb, '*'].some((may) =>
      [resource.group, '*'].some((of) => plurals.some((one) => granted.has(`${may} ${of} ${one}`))),
    );
  });
}

const grants = new Map<Role, Set<string>>();
function cached(role: Role): Set<string> {
  const known = grants.get(role) ?? expanded(role);
  grants.set(role, known);
  return known;
}

const person = (name: string, ...groups: string[]): UserInfo => ({ name, groups: [...groups, 'system:authenticated'] });
const users: UserInfo[] = [
  ...['admin', 'edit', 'view', 'cluster-admin', 'system:node', 'system:kube-scheduler'].map((name) =>
    person(`everywhere-${name}`),
  ),
  ...['admin', 'edit', 'view'].map((name) => person(`inside-${name}`)),
  person('nobody'),
  person('system:kube-controller-manager'),
  anonymousUser,
];

const attributesOf = (verb: string, text: string, namespace: string | undefined): RequestAttributes => {
  const [of = '', plural = '', subresource] = text.split('/');
  return { verb, path: '', resource: { group: of, version: 'v1', plural, subresource, namespace } };
};

describe('every default role', () => {
  const authorizer = new RbacAuthorizer(reader);

  it.each(users.map((user) => [user.name, user] as const))('lets %s do what its rules say, and no more', (_, user) => {
    const wrong: string[] = [];
    let allowed = 0;
    const compare = (name: string, attributes: RequestAttributes) => {
      const decided = authorizer.authorize(user, attributes).verdict === 'allow';
      if (decided) allowed++;
      if (decided !== expectedFor(user, attributes)) wrong.push(`${name}: ${decided}`);
    };
    for (const verb of verbs) {
      for (const text of resources) {
        for (const namespace of ['inside', 'outside', undefined]) {
          compare(`${verb} ${text} in ${namespace}`, attributesOf(verb, text, namespace));
        }
      }
    }
    for (const path of paths) for (const verb of ['get', 'post', 'delete']) compare(`${verb} ${path}`, { verb, path });
    expect(wrong).toEqual([]);
    if (user.name === 'everywhere-cluster-admin')
      expect(allowed).toBe(verbs.length * resources.length * 3 + paths.length * 3);
  });

  it.each<[string, string, string, string | undefined, boolean]>([
    ['inside-view', 'get', '/pods', 'inside', true],
    ['inside-view', 'get', '/pods', 'outside', false],
    ['inside-view', 'get', '/secrets', 'inside', false],
    ['inside-view', 'create', '/pods/exec', 'inside', false],
    ['inside-edit', 'get', '/secrets', 'inside', true],
    ['inside-edit', 'create', '/pods/exec', 'inside', true],
    ['inside-edit', 'create', `${group}/rolebindings`, 'inside', false],
    ['inside-admin', 'create', `${group}/rolebindings`, 'inside', true],
    ['inside-admin', 'update', '/resourcequotas', 'inside', false],
    ['inside-admin', 'update', '/namespaces', 'inside', false],
    ['everywhere-edit', 'list', '/nodes', undefined, false],
    ['nobody', 'create', 'authorization.k8s.io/selfsubjectaccessreviews', undefined, true],
    ['nobody', 'create', 'authorization.k8s.io/subjectaccessreviews', undefined, false],
    ['system:anonymous', 'create', 'authorization.k8s.io/selfsubjectaccessreviews', undefined, false],
  ])('%s, %s %s in %s: %s', (name, verb, text, namespace, allowed) => {
    const user = users.find((one) => one.name === name)!;
    expect(authorizer.authorize(user, attributesOf(verb, text, namespace)).verdict === 'allow').toBe(allowed);
  });
});

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
    const { resource } = attributesOf(verb, text, namespace);
    return authorizer.authorize(node, { verb, path: '', resource: { ...resource!, name } }).verdict === 'allow';
  };

  /** Changing verbs, by resource and name: whatever is not here is refused. */
  const mayChange = new Set([
    ...['create', 'update', 'patch'].map((verb) => `${verb} /nodes n1`),
    ...['update', 'patch'].flatMap((verb) => [`${verb} /nodes/status n1`, `${verb} /pods/status own`]),
    ...['create', 'delete'].map((verb) => `${verb} /pods own`),
    'create /pods/eviction own',
  ]);
  const changing = ['create', 'update', 'patch', 'delete', 'deletecollection'];
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
          return verb !== 'create' && allowed(verb, resource, resource.startsWith('/nodes') ? undefined : 'x', name);
        })
        .map((text) => `${verb} ${text}`),
    );
    expect(found.filter((one) => !mayChange.has(one))).toEqual([]);
    expect(found).toContain('patch /pods/status own');
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
