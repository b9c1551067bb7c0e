import { makePod } from '../../../test/support/make-pod.ts';
import type { V1Pod, V1StatefulSet, V1StatefulSetSpec } from '../../api/gen/types.ts';
import { claimOwnerOf, ownersToWrite } from './claims.ts';
import { compute, computeStatus } from './compute.ts';
import { claimsOf, podOf } from './identity.ts';

const nowMs = Date.UTC(2026, 0, 1, 1);
const makeSet = (spec: Partial<V1StatefulSetSpec> = {}): V1StatefulSet => ({
  metadata: { name: 'db', namespace: 'default', uid: 'u', generation: 1 },
  spec: { replicas: 3, serviceName: 'db', selector: { matchLabels: { app: 'db' } }, template: {}, ...spec },
});
const pod = (ordinal: number, revision = 'new') =>
  makePod(`db-${ordinal}`).on('n1').labels({ 'controller-revision-hash': revision });
const ready = (ordinal: number, revision = 'new') => pod(ordinal, revision).ready().build();
const rolling = (partition: number) => ({ updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition } } });

interface Case {
  name: string;
  spec?: Partial<V1StatefulSetSpec>;
  pods: V1Pod[];
  create?: string[];
  remove?: string[];
}

const cases: Case[] = [
  { name: 'the first one alone', pods: [], create: ['0 new'] },
  { name: 'the next once the one before is ready', pods: [ready(0)], create: ['1 new'] },
  { name: 'nothing while one is coming up', pods: [ready(0), pod(1).phase('Running').build()] },
  {
    name: 'all at once when Parallel',
    spec: { podManagementPolicy: 'Parallel' },
    pods: [],
    create: ['0 new', '1 new', '2 new'],
  },
  { name: 'a failed one is replaced', pods: [pod(0).phase('Failed').build(), ready(1), ready(2)], remove: ['db-0'] },
  { name: 'the highest goes first, alone', pods: [0, 1, 2, 3, 4].map((ordinal) => ready(ordinal)), remove: ['db-4'] },
  {
    name: 'and waits until it is gone',
    pods: [ready(0), ready(1), ready(2), ready(3), pod(4).ready().deleting().build()],
  },
  {
    name: 'but not while it and another one to go are unhealthy',
    spec: { replicas: 0 },
    pods: [0, 1].map((ordinal) => pod(ordinal).phase('Running').build()),
  },
  {
    name: 'an unhealthy one goes when it is the only one',
    spec: { replicas: 1 },
    pods: [ready(0), ready(1), pod(2).phase('Running').build()],
    remove: ['db-2'],
  },
  { name: 'updates from the highest down', pods: [0, 1, 2].map((ordinal) => ready(ordinal, 'old')), remove: ['db-2'] },
  { name: 'one after the other', pods: [ready(0, 'old'), ready(1, 'old'), ready(2)], remove: ['db-1'] },
  {
    name: 'as many at once as may be unavailable',
    spec: { updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '50%' } } },
    pods: [0, 1, 2].map((ordinal) => ready(ordinal, 'old')),
    remove: ['db-2', 'db-1'],
  },
  {
    name: 'those that are away counted in',
    spec: {
      podManagementPolicy: 'Parallel',
      updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 2 } },
    },
    pods: [ready(0, 'old'), ready(1, 'old'), pod(2).phase('Running').build()],
    remove: ['db-1'],
  },
  { name: 'never below the partition', spec: rolling(2), pods: [ready(0, 'old'), ready(1, 'old'), ready(2)] },
  {
    name: 'below the partition the old revision comes back',
    spec: rolling(2),
    pods: [ready(0, 'old'), ready(2)],
    create: ['1 old'],
  },
  {
    name: 'OnDelete leaves it to people',
    spec: { updateStrategy: { type: 'OnDelete' } },
    pods: [0, 1, 2].map((ordinal) => ready(ordinal, 'old')),
  },
  { name: 'counts from its first ordinal', spec: { ordinals: { start: 5 }, replicas: 1 }, pods: [], create: ['5 new'] },
];

describe('pods of a StatefulSet', () => {
  it.each(cases)('$name', ({ spec, pods, create = [], remove = [] }) => {
    const plan = compute({ set: makeSet(spec), pods, currentRevision: 'old', updateRevision: 'new' }, nowMs);
    expect(plan.create.map(({ ordinal, revision }) => `${ordinal} ${revision}`)).toEqual(create);
    expect(plan.remove.map(({ metadata }) => metadata?.name)).toEqual(remove);
  });

  it('have a name, a host name and storage of their own', () => {
    const set = makeSet({ volumeClaimTemplates: [{ metadata: { name: 'data' }, spec: {} }] });
    const made = podOf(set, 1, { metadata: { labels: { app: 'db' } }, spec: { containers: [] } }, 'new');
    expect(made.spec).toMatchObject({
      hostname: 'db-1',
      subdomain: 'db',
      volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data-db-1' } }],
    });
    expect(made.metadata?.labels).toEqual({
      app: 'db',
      'statefulset.kubernetes.io/pod-name': 'db-1',
      'apps.kubernetes.io/pod-index': '1',
      'controller-revision-hash': 'new',
    });
    expect(claimsOf(set, 1).map(({ metadata }) => metadata?.name)).toEqual(['data-db-1']);
  });
});

it('the current revision follows once all pods are updated', () => {
  const pods = [0, 1, 2].map((ordinal) => ready(ordinal));
  const { status } = computeStatus({ set: makeSet(), pods, currentRevision: 'old', updateRevision: 'new' }, nowMs);
  expect(status).toMatchObject({
    currentRevision: 'new',
    updateRevision: 'new',
    replicas: 3,
    readyReplicas: 3,
    updatedReplicas: 3,
    currentReplicas: 3,
    availableReplicas: 3,
  });
});

describe('claims of a StatefulSet', () => {
  const set = (whenScaled: string, whenDeleted: string) =>
    makeSet({ replicas: 1, persistentVolumeClaimRetentionPolicy: { whenScaled, whenDeleted } });
  it.each([
    { whenScaled: 'Retain', whenDeleted: 'Retain', kept: undefined, surplus: undefined },
    { whenScaled: 'Retain', whenDeleted: 'Delete', kept: 'StatefulSet', surplus: 'StatefulSet' },
    { whenScaled: 'Delete', whenDeleted: 'Retain', kept: undefined, surplus: 'Pod' },
    { whenScaled: 'Delete', whenDeleted: 'Delete', kept: 'StatefulSet', surplus: 'Pod' },
  ])('go with whom the policy says: $whenScaled, $whenDeleted', ({ whenScaled, whenDeleted, kept, surplus }) => {
    const owned = set(whenScaled, whenDeleted);
    expect(claimOwnerOf(owned, 0, ready(0))?.kind).toBe(kept);
    expect(claimOwnerOf(owned, 3, ready(3))?.kind).toBe(surplus);
  });

  it('change owners with the policy, and keep what others own', () => {
    const claim = { metadata: { name: 'data-db-0' } };
    const at = { ordinal: 0, pod: ready(0) };
    const owners = ownersToWrite(claim, set('Retain', 'Delete'), at);
    expect(owners).toMatchObject([{ kind: 'StatefulSet', uid: 'u', controller: true }]);
    const owned = { metadata: { ...claim.metadata, ownerReferences: owners } };
    expect(ownersToWrite(owned, set('Retain', 'Delete'), at)).toBeUndefined();
    expect(ownersToWrite(owned, set('Retain', 'Retain'), at)).toEqual([]);
    const other = { apiVersion: 'v1', kind: 'ConfigMap', name: 'c', uid: 'c', controller: true };
    const taken = { metadata: { ...claim.metadata, ownerReferences: [other] } };
    expect(ownersToWrite(taken, set('Retain', 'Delete'), at)).toBeUndefined();
    const before = { metadata: { ...claim.metadata, ownerReferences: [{ ...owners![0]!, uid: 'earlier' }] } };
    expect(ownersToWrite(before, set('Retain', 'Retain'), at)).toBeUndefined();
  });
});
