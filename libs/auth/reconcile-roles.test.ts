import { reconciled } from './reconcile-roles.ts';

const rule = (...resources: string[]) => ({ verbs: ['get'], apiGroups: [''], resources });
const role = (rules: object[], annotations: Record<string, string> = {}) => ({
  metadata: { name: 'r', labels: { mine: 'yes' }, annotations },
  rules,
});
const binding = (roleName: string, ...names: string[]) => ({
  metadata: { name: 'b' },
  roleRef: { apiGroup: '', kind: 'ClusterRole', name: roleName },
  subjects: names.map((name) => ({ kind: 'User', name })),
});
const whole = (...selectors: string[]) => ({
  metadata: { name: 'w' },
  aggregationRule: { clusterRoleSelectors: selectors.map((to) => ({ matchLabels: { to } })) },
});
const optedOut = { 'rbac.authorization.kubernetes.io/autoupdate': 'false' };

it.each<[string, object, object, object]>([
  ['keeps a role that has all', role([rule('pods', 'nodes')]), role([rule('pods')]), { action: 'keep' }],
  [
    'adds what a role lacks',
    role([rule('nodes')]),
    role([rule('pods')]),
    { action: 'update', object: { metadata: { labels: { mine: 'yes' } }, rules: [rule('nodes'), rule('pods')] } },
  ],
  ['leaves who wants to be left alone', role([], optedOut), role([rule('pods')]), { action: 'keep' }],
  [
    'adds subjects and keeps others',
    binding('r', 'jane'),
    binding('r', 'joe'),
    { action: 'update', object: { subjects: [{ name: 'jane' }, { name: 'joe' }] } },
  ],
  ['replaces a binding to another role', binding('other', 'joe'), binding('r', 'joe'), { action: 'replace' }],
  [
    'adds selectors',
    whole('a'),
    whole('b'),
    { action: 'update', object: { aggregationRule: whole('a', 'b').aggregationRule } },
  ],
  [
    'keeps the rules that a controller has filled in',
    { ...whole('a'), rules: [rule('pods')] },
    whole('a'),
    { action: 'keep' },
  ],
])('%s', (_, existing, wanted, expected) => {
  expect(reconciled(existing, wanted)).toMatchObject(expected);
});
