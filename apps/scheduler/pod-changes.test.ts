import type { V1Pod } from '../../libs/api/gen/types.ts';
import { makePod } from '../../test/support/make-pod.ts';
import { withSpec } from '../../test/support/placement.ts';
import { podChange } from './pod-changes.ts';

const base = (): V1Pod => {
  const pod = makePod('p').labels({ app: 'web' }).requests('1', '1Gi').build();
  return { ...pod, metadata: { ...pod.metadata, generation: 1 } };
};
const labelled = (labels: Record<string, string>, pod = base()): V1Pod => ({
  ...pod,
  metadata: { ...pod.metadata, labels },
});
const holding = (cpu: string, memory: string): V1Pod => ({
  ...base(),
  status: {
    containerStatuses: [
      { name: 'main', image: '', imageID: '', ready: true, restartCount: 0, allocatedResources: { cpu, memory } },
    ],
  },
});
const keyed = (pod: V1Pod) =>
  withSpec(pod, {
    topologySpreadConstraints: [
      { maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'DoNotSchedule', matchLabelKeys: ['revision'] },
    ],
  });

describe('podChange', () => {
  it.each([
    ['a report of its status', base(), { ...base(), status: { phase: 'Running' } }, 'none'],
    ['holding what it asks for', base(), holding('1', '1Gi'), 'none'],
    ['holding more than it asks for', base(), holding('2', '1Gi'), 'any'],
    ['another label', base(), labelled({ app: 'web', zone: 'a' }), 'labels'],
    ['a label less', base(), labelled({}), 'labels'],
    ['a label that its rules name', keyed(base()), keyed(labelled({ revision: '2' })), 'any'],
    ['another generation', base(), { ...base(), metadata: { ...base().metadata, generation: 2 } }, 'any'],
    ['its deletion', base(), { ...base(), metadata: { ...base().metadata, deletionTimestamp: 'now' } }, 'any'],
    [
      'another controller',
      base(),
      {
        ...base(),
        metadata: {
          ...base().metadata,
          ownerReferences: [{ apiVersion: 'v1', kind: 'X', name: 'x', uid: 'x', controller: true }],
        },
      },
      'any',
    ],
    ['anything, of a pod without generations', makePod('p').build(), makePod('p').build(), 'any'],
  ])('of %s', (_name, before, after, expected) => {
    expect(podChange(after, before)).toBe(expected);
  });
});
