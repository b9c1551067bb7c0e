import type { RbacV1Subject, V1PolicyRule } from '../api/gen/types.ts';
import type { KubeObject } from '../api/meta.ts';
import { defaultBindingsText, defaultRolesText } from './gen/default-roles.ts';

/** A role or binding that every cluster has. */
export interface DefaultObject {
  readonly plural: 'clusterroles' | 'roles' | 'clusterrolebindings' | 'rolebindings';
  readonly object: KubeObject;
}

const group = 'rbac.authorization.k8s.io';
const bootstrapLabels = { 'kubernetes.io/bootstrapping': 'rbac-defaults' };
const annotations = { 'rbac.authorization.kubernetes.io/autoupdate': 'true' };
/** One process runs all of Berth's controllers, under one name: it may do what each of them may. */
const controllersRole = 'berth:controllers';
const controllersUser = 'system:kube-controller-manager';

type Role = KubeObject & { rules: V1PolicyRule[] | undefined };

const list = (text: string | undefined) => (text === undefined || text === '-' ? [] : text.split(','));
const lines = (text: string) => text.trim().split('\n');

function splitName(text: string): { namespace?: string; name: string } {
  const slash = text.indexOf('/');
  return slash < 0 ? { name: text } : { namespace: text.slice(0, slash), name: text.slice(slash + 1) };
}

function ruleOf(line: string): V1PolicyRule {
  const [verbs, groups, resources, names] = line.trim().split(' ');
  if (groups === 'path') return { verbs: list(verbs), nonResourceURLs: list(resources) };
  return {
    verbs: list(verbs),
    apiGroups: list(groups).map((one) => (one === 'core' ? '' : one)),
    resources: list(resources),
    resourceNames: names === undefined ? undefined : list(names),
  };
}

function roleOf(line: string): { plural: 'clusterroles' | 'roles'; object: Role } {
  const [place = '', ...words] = line.split(' ');
  const { namespace, name } = splitName(place);
  const word = (key: string) => list(words[words.indexOf(key) + 1]);
  const into = words.includes('into') ? word('into') : [];
  const of = words.includes('of') ? word('of') : [];
  const label = (target: string) => `${group}/aggregate-to-${target}`;
  const labels = { ...bootstrapLabels, ...Object.fromEntries(into.map((target) => [label(target), 'true'])) };
  const clusterRoleSelectors = of.map((target) => ({ matchLabels: { [label(target)]: 'true' } }));
  const object = {
    metadata: { name, namespace, labels, annotations },
    ...(of.length > 0 ? { aggregationRule: { clusterRoleSelectors } } : {}),
    rules: of.length > 0 ? undefined : [],
  };
  return { plural: namespace ? 'roles' : 'clusterroles', object };
}

function subjectOf(text: string): RbacV1Subject {
  const colon = text.indexOf(':');
  const kind = text.slice(0, colon);
  const { namespace, name } = splitName(text.slice(colon + 1));
  if (kind === 'ServiceAccount') return { kind, name, namespace };
  return { kind, name: text.slice(colon + 1), apiGroup: group };
}

function bindingOf(line: string): DefaultObject {
  const [place = '', reference = '', ...subjects] = line.trimEnd().split(' ');
  const { namespace, name } = splitName(place);
  const colon = reference.indexOf(':');
  return binding(
    { name, namespace },
    { kind: reference.slice(0, colon), name: reference.slice(colon + 1) },
    subjects.filter(Boolean).map(subjectOf),
  );
}

function binding(
  at: { name: string; namespace?: string },
  role: { kind: string; name: string },
  subjects: RbacV1Subject[],
): DefaultObject {
  const metadata = { ...at, labels: bootstrapLabels, annotations };
  const object = { metadata, roleRef: { apiGroup: group, ...role }, subjects };
  return { plural: at.namespace ? 'rolebindings' : 'clusterrolebindings', object };
}

/** Roles first, so that no binding is without its role. */
export function defaultRoles(): DefaultObject[] {
  const roles: Array<{ plural: 'clusterroles' | 'roles'; object: Role }> = [];
  for (const line of lines(defaultRolesText)) {
    if (line.startsWith(' ')) roles[roles.length - 1]?.object.rules?.push(ruleOf(line));
    else roles.push(roleOf(line));
  }
  const rules = roles
    .filter(({ object }) => object.metadata?.name?.startsWith('system:controller:'))
    .flatMap(({ object }) => object.rules ?? []);
  const metadata = { name: controllersRole, labels: bootstrapLabels, annotations };
  const controllers = binding({ name: controllersRole }, { kind: 'ClusterRole', name: controllersRole }, [
    { kind: 'User', name: controllersUser, apiGroup: group },
  ]);
  return [
    ...roles,
    { plural: 'clusterroles', object: { metadata, rules } as KubeObject },
    ...lines(defaultBindingsText).map(bindingOf),
    controllers,
  ];
}
