import type { V1ClusterRole } from '../../api/gen/types.ts';
import { aggregatedRules } from './compute.ts';

const rule = (resource: string) => ({ verbs: ['get'], apiGroups: [''], resources: [resource] });
const role = (name: string, labels: Record<string, string>, ...resources: string[]): V1ClusterRole => ({
  metadata: { name, labels },
  rules: resources.map(rule),
});
const whole = (...selectors: Array<Record<string, string>>): V1ClusterRole => ({
  metadata: { name: 'whole', labels: { to: 'a' } },
  aggregationRule: { clusterRoleSelectors: selectors.map((matchLabels) => ({ matchLabels })) },
});

it.each<[string, V1ClusterRole, string[]]>([
  ['takes the rules of all that match, by name', whole({ to: 'a' }), ['pods', 'secrets', 'nodes']],
  ['takes each rule once', whole({ to: 'a' }, { to: 'b' }), ['pods', 'secrets', 'nodes', 'events']],
  ['takes none where none matches', whole({ to: 'c' }), []],
])('%s', (_, of, resources) => {
  const all = [
    role('2', { to: 'a' }, 'secrets', 'nodes'),
    role('1', { to: 'a' }, 'pods', 'secrets'),
    role('3', { to: 'b' }, 'pods', 'events'),
    role('4', {}, 'leases'),
    whole({ to: 'a' }),
  ];
  expect(aggregatedRules(of, all)).toEqual(resources.map(rule));
});
