import type { V1NodeStatus, V1PodStatus } from '../../../libs/api/gen/types.ts';
import { mergeNodeStatus, missingMetadata, newNode } from './node-status.ts';
import { mergePodStatus } from './pod-status.ts';
import { referencesOf } from './references.ts';

const condition = (type: string, status = 'True', more = {}) => ({ type, status, ...more });

describe('mergePodStatus', () => {
  it.each<[string, V1PodStatus | undefined, V1PodStatus, V1PodStatus | undefined]>([
    ['takes the first report whole', undefined, { phase: 'Running' }, { phase: 'Running', conditions: [] }],
    [
      'keeps conditions of other owners',
      { conditions: [condition('PodScheduled'), condition('Ready', 'False')] },
      { conditions: [condition('Ready')] },
      { conditions: [condition('Ready'), condition('PodScheduled')] },
    ],
    [
      'drops what holds only while the agent says so',
      { conditions: [condition('PodResizeInProgress'), condition('Ready')] },
      { conditions: [condition('Ready')] },
      { conditions: [condition('Ready')] },
    ],
    [
      'lets an ended pod stay ended',
      { phase: 'Succeeded', conditions: [] },
      { phase: 'Running', podIP: '1.1.1.1' },
      { phase: 'Succeeded', podIP: '1.1.1.1', conditions: [] },
    ],
    [
      'keeps what the server knows better',
      { qosClass: 'Burstable', startTime: 'then', conditions: [] },
      { phase: 'Running', startTime: 'now' },
      { phase: 'Running', qosClass: 'Burstable', startTime: 'then', conditions: [] },
    ],
    ['writes nothing when nothing changes', { phase: 'Running', conditions: [] }, { phase: 'Running' }, undefined],
    ['clears what is no longer reported', { reason: 'Old', conditions: [] }, {}, { conditions: [] }],
  ])('%s', (_, present, reported, expected) => {
    expect(mergePodStatus(present, reported)).toEqual(expected);
  });
});

describe('mergeNodeStatus', () => {
  const beat = { lastHeartbeatTime: 'then' };
  it.each<[string, V1NodeStatus | undefined, V1NodeStatus, V1NodeStatus | undefined]>([
    ['takes the first report whole', undefined, { capacity: { cpu: '1' } }, { capacity: { cpu: '1' }, conditions: [] }],
    [
      'does not write for a heartbeat alone',
      { conditions: [condition('Ready', 'True', beat)] },
      { conditions: [condition('Ready', 'True', { lastHeartbeatTime: 'now' })] },
      undefined,
    ],
    [
      'writes when a condition changes, keeping those of others',
      { conditions: [condition('Ready', 'Unknown', beat), condition('NetworkUnavailable', 'False')] },
      { conditions: [condition('Ready')] },
      { conditions: [condition('Ready'), condition('NetworkUnavailable', 'False')] },
    ],
    [
      'keeps the resources that others advertise, in their newest size',
      { capacity: { cpu: '1', 'a.b/x': '5', hugepages: '1' }, allocatable: { cpu: '1', 'a.b/x': '4' } },
      { capacity: { cpu: '2' }, allocatable: { cpu: '2' } },
      { capacity: { cpu: '2', 'a.b/x': '5' }, allocatable: { cpu: '2', 'a.b/x': '4' }, conditions: [] },
    ],
  ])('%s', (_, present, reported, expected) => {
    expect(mergeNodeStatus(present, reported)).toEqual(expected);
  });
});

describe('registration', () => {
  const asked = {
    metadata: { labels: { a: '1', 'team.node-restriction.kubernetes.io/x': 'y' }, annotations: { n: 'm' } },
  };

  it('leaves out the labels that only administrators may set', () => {
    expect(newNode('n1', asked).metadata).toEqual({ name: 'n1', labels: { a: '1' }, annotations: { n: 'm' } });
  });

  it.each([
    ['nothing when all is there', { labels: { a: '1', b: '2' }, annotations: { n: 'm' } }, undefined],
    ['what differs', { labels: { a: '0' }, annotations: { n: 'm' } }, { labels: { a: '1' } }],
    ['what is missing', {}, { labels: { a: '1' }, annotations: { n: 'm' } }],
  ])('completes %s', (_, metadata, expected) => {
    expect(missingMetadata({ metadata }, asked)).toEqual(expected);
  });
});

it('finds every ConfigMap and Secret that a pod refers to, once', () => {
  const references = referencesOf({
    metadata: { namespace: 'ns' },
    spec: {
      imagePullSecrets: [{ name: 'pull' }],
      initContainers: [{ name: 'i', envFrom: [{ configMapRef: { name: 'env' } }, { secretRef: { name: 'envs' } }] }],
      containers: [
        {
          name: 'c',
          env: [
            { name: 'A', valueFrom: { configMapKeyRef: { name: 'env', key: 'k' } } },
            { name: 'B', valueFrom: { secretKeyRef: { name: 'key', key: 'k' } } },
          ],
        },
      ],
      volumes: [
        { name: 'v', configMap: { name: 'files' } },
        { name: 'w', secret: { secretName: 'hidden' } },
        { name: 'x', projected: { sources: [{ configMap: { name: 'ca' } }, { secret: { name: 'part' } }] } },
        { name: 'y', emptyDir: {} },
      ],
    },
  });
  const secrets = ['envs', 'hidden', 'key', 'part', 'pull'].map((name) => `secrets/ns/${name}`);
  expect([...references].sort()).toEqual([...['ca', 'env', 'files'].map((n) => `configmaps/ns/${n}`), ...secrets]);
});
