import { complaintsOf, withValue } from '../../../test/support/complaints.ts';
import type { ResourceDefinition } from '../definition.ts';
import type { KubeObject } from '../meta.ts';
import { daemonsets } from './daemonset.ts';
import { deployments } from './deployment.ts';
import { jobs } from './job.ts';
import { replicasets } from './replicaset.ts';
import { statefulsets } from './statefulset.ts';

const definitions = { deployments, replicasets, daemonsets, statefulsets, jobs } as unknown as Record<
  string,
  ResourceDefinition<KubeObject>
>;

function plain(definition: ResourceDefinition<KubeObject>): KubeObject {
  const podSpec = {
    containers: [{ name: 'c', image: 'i' }],
    restartPolicy: definition === (jobs as unknown) ? 'Never' : 'Always',
  };
  const selector = definition === (jobs as unknown) ? undefined : { matchLabels: { app: 'x' } };
  const object = {
    metadata: { name: 'w', namespace: 'ns', uid: 'u', creationTimestamp: '2026-01-01T00:00:00Z' },
    spec: { selector, serviceName: 's', template: { metadata: { labels: { app: 'x' } }, spec: podSpec } },
  };
  const draft = object as unknown as KubeObject;
  definition.setDefaults?.(draft);
  definition.prepareForCreate?.(draft);
  return draft;
}

type Case = readonly [plural: string, path: string, value: unknown, complaints: readonly string[]];

const created: readonly Case[] = [
  ['deployments', 'spec.selector', undefined, ['Required spec.selector', 'Invalid spec.template.metadata.labels']],
  ['deployments', 'spec.selector.matchLabels', { app: 'y' }, ['Invalid spec.template.metadata.labels']],
  ['deployments', 'spec.replicas', -1, ['Invalid spec.replicas']],
  ['deployments', 'spec.template.spec.restartPolicy', 'Never', ['NotSupported spec.template.spec.restartPolicy']],
  ['deployments', 'spec.strategy.type', 'X', ['NotSupported spec.strategy']],
  ['deployments', 'spec.progressDeadlineSeconds', 0, ['Invalid spec.progressDeadlineSeconds']],
  ['replicasets', 'spec.template.spec.containers.0.image', '', ['Required spec.template.spec.containers[0].image']],
  ['daemonsets', 'spec.updateStrategy.type', 'X', ['NotSupported spec.updateStrategy']],
  ['statefulsets', 'spec.podManagementPolicy', 'X', ['Invalid spec.podManagementPolicy']],
  ['jobs', 'spec.completions', -1, ['Invalid spec.completions']],
  ['jobs', 'spec.template.spec.restartPolicy', 'Always', ['Required spec.template.spec.restartPolicy']],
  ['jobs', 'spec.completionMode', 'Indexed', []],
];

const updated: readonly Case[] = [
  [
    'deployments',
    'spec.selector.matchLabels',
    { app: 'x', more: 'y' },
    ['Invalid spec.template.metadata.labels', 'Invalid spec.selector'],
  ],
  ['replicasets', 'spec.replicas', 5, []],
  ['statefulsets', 'spec.serviceName', 'other', ['Forbidden spec']],
  ['statefulsets', 'spec.replicas', 5, []],
  ['jobs', 'spec.parallelism', 5, []],
  ['jobs', 'spec.completions', 5, ['Invalid spec.completions']],
  ['jobs', 'spec.template.spec.containers.0.image', 'other', ['Invalid spec.template']],
];

describe('workloads', () => {
  it.each(Object.entries(definitions))('%s are fine as they are', (_, definition) => {
    expect(complaintsOf(definition.validate?.(plain(definition)) ?? [])).toEqual([]);
  });

  it.each(created)('%s are refused with %s %j', (plural, path, value, complaints) => {
    const definition = definitions[plural]!;
    expect(complaintsOf(definition.validate?.(withValue(plain(definition), path, value)) ?? [])).toEqual(complaints);
  });

  it.each(updated)('%s change %s to %j', (plural, path, value, complaints) => {
    const definition = definitions[plural]!;
    const changed = withValue(plain(definition), path, value);
    expect(complaintsOf(definition.validateUpdate?.(changed, plain(definition)) ?? [])).toEqual(complaints);
  });

  it('count the changes of a template of daemons', () => {
    const before = plain(definitions.daemonsets!);
    const after = withValue(before, 'spec.template.spec.containers.0.image', 'other');
    definitions.daemonsets?.prepareForUpdate?.(after, before);
    expect(after.metadata?.annotations).toEqual({ 'deprecated.daemonset.template.generation': '2' });
  });
});
