import { builtinKinds } from '../api/kinds/index.ts';
import { reviews } from '../api/kinds/review.ts';
import type { KubeObject } from '../api/meta.ts';
import { subresourcesOf } from '../api/subresources.ts';
import type { ObjectReader } from '../cache/object-reader.ts';
import type { RequestAttributes } from './attributes.ts';
import { defaultRoles } from './default-roles.ts';
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
const resources = [...builtinKinds, ...reviews].flatMap((definition) => {
  const name = `${definition.group}/${definition.plural}`;
  return [name, ...subresourcesOf(definition).map((part) => `${name}/${part.name}`)];
});

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
