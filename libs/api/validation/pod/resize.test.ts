import { complaintsOf, withValue } from '../../../../test/support/complaints.ts';
import type { V1Pod } from '../../gen/types.ts';
import { pods } from '../../kinds/pod.ts';

const resources = { requests: { cpu: '100m', memory: '64Mi' }, limits: { cpu: '200m', memory: '128Mi' } };

/** A pod that runs: a sidecar, an init container that has ended, and two others. */
function running(): V1Pod {
  const pod: V1Pod = {
    metadata: { name: 'p', namespace: 'ns', uid: 'u', creationTimestamp: '2026-01-01T00:00:00Z', resourceVersion: '1' },
    spec: {
      initContainers: [
        { name: 'once', image: 'i', resources: structuredClone(resources) },
        { name: 'side', image: 'i', restartPolicy: 'Always', resources: structuredClone(resources) },
      ],
      containers: [
        { name: 'c', image: 'i', resources: structuredClone(resources) },
        { name: 'd', image: 'i' },
      ],
    },
  };
  pods.setDefaults?.(pod);
  pods.prepareForCreate?.(pod);
  return pod;
}

const at = 'spec.containers.0';
const list = 'spec.containers[0].resources';

/** `carried`: the update takes the previous value over instead of refusing the new one. */
type Change = readonly [path: string, value: unknown, complaints: readonly string[] | 'carried'];

const resizes: readonly Change[] = [
  [`${at}.resources.requests.cpu`, '150m', []],
  [`${at}.resources.limits.memory`, '96Mi', []],
  [`${at}.resources.limits.cpu`, '50m', [`Invalid ${list}.requests`]],
  [`${at}.resources.requests.cpu`, undefined, [`Forbidden ${list}.requests`]],
  [`${at}.resources.limits`, { cpu: '200m' }, [`Forbidden ${list}.limits`]],
  [`${at}.resources.requests.ephemeral-storage`, '1Gi', ['Forbidden spec']],
  [`${at}.resizePolicy`, [{ resourceName: 'cpu', restartPolicy: 'RestartContainer' }], ['Forbidden spec']],
  ['spec.containers.1.resources', resources, []],
  ['spec.initContainers.0.resources.requests.cpu', '150m', []],
  ['spec.initContainers.1.resources.requests.cpu', '150m', []],
  ['spec.initContainers.1.resources.requests.ephemeral-storage', '1Gi', ['Forbidden spec.initContainers[1]']],
  ['spec.containers', running().spec?.containers.slice(0, 1), ['Forbidden spec.containers']],
  ['spec.containers.1.name', 'e', ['Forbidden spec.containers[1].name']],
  [`${at}.image`, 'other', 'carried'],
  ['spec.activeDeadlineSeconds', 5, 'carried'],
  ['metadata.labels', { a: 'b' }, 'carried'],
  ['status.phase', 'Failed', 'carried'],
];

const ephemeral = { name: 'debug', image: 'i', imagePullPolicy: 'Always', terminationMessagePolicy: 'File' };

const additions: readonly Change[] = [
  ['spec.ephemeralContainers.1', { ...ephemeral, name: 'more', terminationMessagePath: '/m' }, []],
  ['spec.ephemeralContainers', [], ['Forbidden spec.ephemeralContainers']],
  ['spec.ephemeralContainers.0.image', 'other', ['Forbidden spec.ephemeralContainers']],
  ['spec.ephemeralContainers.1', { ...ephemeral, name: 'c' }, ['Duplicate spec.ephemeralContainers[1].name']],
  [`${at}.image`, 'other', 'carried'],
  ['metadata.labels', { a: 'b' }, 'carried'],
];

function expectUpdate(subresource: string, previous: V1Pod, [path, value, complaints]: Change): void {
  const update = pods.updatesBy?.[subresource];
  const draft = withValue(previous, path, value);
  update?.prepare(draft, structuredClone(previous));
  if (complaints === 'carried') expect(draft).toEqual(previous);
  else expect(complaintsOf(update?.validate(draft, previous) ?? [])).toEqual(complaints);
}

describe('a resize of a pod', () => {
  it.each(resizes)('with %s %j', (...change) => expectUpdate('resize', running(), change));

  it.each<[string, string, unknown, string[]]>([
    ['a static pod', 'metadata.annotations', { 'kubernetes.io/config.mirror': 'x' }, ['Forbidden']],
    ['a pod of Windows', 'spec.os', { name: 'windows' }, ['Forbidden']],
    [
      'a pod whose node does not tell what it has',
      'status.containerStatuses',
      [{ name: 'c', state: { running: {} } }],
      ['Forbidden spec'],
    ],
    ['a pod of another quality of service', 'status.qosClass', 'Guaranteed', ['Invalid spec']],
  ])('is refused for %s', (_what, path, value, complaints) => {
    const previous = withValue(running(), path, value);
    expectUpdate('resize', previous, [`${at}.resources.requests.cpu`, '150m', complaints]);
  });

  it.each<Change>([
    ['spec.resources.requests.cpu', '2', []],
    ['spec.resources.requests', undefined, ['Forbidden spec.resources.requests']],
    ['spec.resources', undefined, ['Forbidden spec.resources']],
  ])('of the pod as a whole with %s %j', (...change) => {
    const whole = { requests: { cpu: '1', memory: '1Gi' }, limits: { cpu: '4', memory: '2Gi' } };
    expectUpdate('resize', withValue(running(), 'spec.resources', whole), change);
  });
});

describe('an update of the containers that look into a pod', () => {
  it.each(additions)('with %s %j', (...change) => {
    expectUpdate('ephemeralcontainers', withValue(running(), 'spec.ephemeralContainers', [ephemeral]), change);
  });

  it('is not for static pods', () => {
    const previous = withValue(running(), 'metadata.annotations', { 'kubernetes.io/config.mirror': 'x' });
    expectUpdate('ephemeralcontainers', previous, ['spec.ephemeralContainers', [ephemeral], ['Forbidden']]);
  });

  it('does not come by way of the pod itself', () => {
    const changed = withValue(running(), 'spec.ephemeralContainers', [ephemeral]);
    expect(complaintsOf(pods.validateUpdate?.(changed, running()) ?? [])).toEqual(['Forbidden spec']);
  });
});
