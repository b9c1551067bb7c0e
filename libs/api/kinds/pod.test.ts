import { complaintsOf, withValue } from '../../../test/support/complaints.ts';
import type { V1Pod } from '../gen/types.ts';
import { pods } from './pod.ts';

function plain(): V1Pod {
  const pod: V1Pod = {
    metadata: { name: 'p', namespace: 'ns', uid: 'u', creationTimestamp: '2026-01-01T00:00:00Z' },
    spec: { containers: [{ name: 'c', image: 'i', ports: [{ containerPort: 80 }] }] },
  };
  pods.setDefaults?.(pod);
  pods.prepareForCreate?.(pod);
  return pod;
}

test('a negative grace period counts as a second, and is kept as that', () => {
  const pod: V1Pod = { metadata: { name: 'p' }, spec: { containers: [], terminationGracePeriodSeconds: -1 } };
  pods.setDefaults?.(pod);
  expect(pod.spec?.terminationGracePeriodSeconds).toBe(1);
});

test.each([
  [{ podIP: '1.2.3.4' }, { podIP: '1.2.3.4', podIPs: [{ ip: '1.2.3.4' }] }],
  [
    { podIPs: [{ ip: '1.2.3.4' }, { ip: 'fd::1' }] },
    { podIP: '1.2.3.4', podIPs: [{ ip: '1.2.3.4' }, { ip: 'fd::1' }] },
  ],
  [
    { podIP: '1.2.3.4', podIPs: [{ ip: '5.6.7.8' }] },
    { podIP: '1.2.3.4', podIPs: [{ ip: '1.2.3.4' }] },
  ],
])('the addresses %j say the same in both places', (status, both) => {
  const pod: V1Pod = { metadata: { name: 'p' }, spec: { containers: [] }, status };
  pods.setDefaults?.(pod);
  expect(pod.status).toEqual(both);
});

test('groups of pods are not kept, as the feature is off', () => {
  const pod: V1Pod = { metadata: { name: 'p' }, spec: { containers: [], schedulingGroup: { podGroupName: 'g' } } };
  pods.setDefaults?.(pod);
  expect(pod.spec).not.toHaveProperty('schedulingGroup');
});

test.each([
  [[{ name: 'none' }], ['Invalid status.resourceClaimStatuses[0].name']],
  [[{ name: 'gpu', resourceClaimName: 'c' }], []],
  [[{ name: 'gpu' }, { name: 'gpu' }], ['Duplicate status.resourceClaimStatuses[1].name']],
  [[{ name: 'gpu', resourceClaimName: 'A' }], ['Invalid status.resourceClaimStatuses[0].resourceClaimName']],
])('the statuses of claims %j are of claims that the pod makes', (resourceClaimStatuses, complaints) => {
  const before = plain();
  before.spec!.resourceClaims = [{ name: 'gpu', resourceClaimName: 'c' }];
  const after: V1Pod = { ...before, status: { ...before.status, resourceClaimStatuses } };
  expect(complaintsOf(pods.validateStatusUpdate?.(after, before) ?? [])).toEqual(complaints);
});

const main = 'spec.containers.0';
const volume = 'spec.volumes';

const created: ReadonlyArray<readonly [path: string, value: unknown, complaints: readonly string[]]> = [
  ['metadata.name', 'P', ['Invalid metadata.name']],
  ['metadata.labels', { 'a b': '' }, ['Invalid metadata.labels']],
  ['metadata.annotations', { 'a b': '' }, ['Invalid metadata.annotations']],
  ['spec.containers', [], ['Required spec.containers']],
  [`${main}.name`, 'C', ['Invalid spec.containers[0].name']],
  [`${main}.image`, '', ['Required spec.containers[0].image']],
  [`${main}.ports.0.containerPort`, 0, ['Required spec.containers[0].ports[0].containerPort']],
  [`${main}.ports.0.protocol`, 'X', ['NotSupported spec.containers[0].ports[0].protocol']],
  [`${main}.env`, [{ name: '' }], ['Required spec.containers[0].env[0].name']],
  [`${main}.volumeMounts`, [{ name: 'x', mountPath: '/x' }], ['NotFound spec.containers[0].volumeMounts[0].name']],
  [`${main}.resources.requests`, { cpu: '-1' }, ['Invalid spec.containers[0].resources.requests[cpu]']],
  [`${main}.terminationMessagePolicy`, 'X', ['NotSupported spec.containers[0].terminationMessagePolicy']],
  [
    volume,
    [
      { name: 'v', emptyDir: {} },
      { name: 'v', emptyDir: {} },
    ],
    ['Duplicate spec.volumes[1].name'],
  ],
  [volume, [{ name: 'v', emptyDir: {}, hostPath: { path: '/' } }], ['Forbidden spec.volumes[0].hostPath']],
  [volume, [{ name: 'v', hostPath: { path: '/a/../b' } }], ['Invalid spec.volumes[0].hostPath.path']],
  ['spec.restartPolicy', 'X', ['NotSupported spec.restartPolicy']],
  ['spec.dnsPolicy', 'None', ['Required spec.dnsConfig']],
  ['spec.activeDeadlineSeconds', 0, ['Invalid spec.activeDeadlineSeconds']],
  ['spec.nodeSelector', { a: 'b c' }, ['Invalid spec.nodeSelector']],
  ['spec.tolerations', [{ key: 'a', operator: 'Exists', value: 'b' }], ['Invalid spec.tolerations[0].operator']],
];

const updated: ReadonlyArray<readonly [path: string, value: unknown, complaints: readonly string[]]> = [
  [`${main}.image`, 'other', []],
  ['spec.activeDeadlineSeconds', 5, []],
  ['spec.tolerations', [{ key: 'a', operator: 'Exists' }], []],
  ['metadata.labels', { a: 'b' }, []],
  [`${main}.image`, '', ['Required spec.containers[0].image', 'Required spec.containers[0].image']],
  [`${main}.name`, 'd', ['Forbidden spec']],
  ['spec.nodeName', 'n', ['Forbidden spec']],
  ['spec.restartPolicy', 'Never', ['Forbidden spec']],
];

describe('a pod', () => {
  it('is fine as it is', () => {
    expect(pods.validate?.(plain())).toEqual([]);
  });

  it.each(created)('is refused with %s %j', (path, value, complaints) => {
    expect(complaintsOf(pods.validate?.(withValue(plain(), path, value)) ?? [])).toEqual(complaints);
  });

  it.each(updated)('changes %s to %j', (path, value, complaints) => {
    const changed = withValue(plain(), path, value);
    expect(complaintsOf(pods.validateUpdate?.(changed, plain()) ?? [])).toEqual(complaints);
  });

  it('requests what it limits, unless it says otherwise', () => {
    const pod = withValue(plain(), `${main}.resources`, {
      limits: { cpu: '1', memory: '1Gi' },
      requests: { cpu: '0.5' },
    });
    pods.setDefaults?.(pod);
    expect(pod.spec?.containers[0]?.resources?.requests).toEqual({ cpu: '0.5', memory: '1Gi' });
  });

  it.each([
    ['BestEffort', undefined],
    ['Burstable', { requests: { cpu: '1' } }],
    ['Guaranteed', { limits: { cpu: '1', memory: '1Gi' } }],
  ])('is %s', (quality, resources) => {
    const pod = withValue(plain(), `${main}.resources`, resources);
    pods.setDefaults?.(pod);
    pods.prepareForCreate?.(pod);
    expect(pod.status).toMatchObject({ phase: 'Pending', qosClass: quality });
  });
});
