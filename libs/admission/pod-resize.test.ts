import type { V1Pod } from '../api/gen/types.ts';
import { pods } from '../api/kinds/pod.ts';
import type { ObjectReader } from '../cache/object-reader.ts';
import type { AdmissionAttributes } from '../registry/parts.ts';
import { podResizes } from './pod-resize.ts';

const node = { status: { allocatable: { cpu: '2', memory: '1Gi' } } };
const objects = {
  get: (_group: string, _plural: string, key: string) => (key === 'n' ? node : undefined),
} as unknown as ObjectReader;

function podOf(nodeName: string | undefined, requests: Record<string, string>): V1Pod {
  const sidecar = { name: 's', restartPolicy: 'Always', resources: { requests: { cpu: '500m' } } };
  const containers = [{ name: 'c', image: 'i', resources: { requests } }];
  return {
    metadata: { name: 'p', namespace: 'x' },
    spec: { nodeName, containers, initContainers: [sidecar], overhead: { cpu: '100m' } },
  };
}

function resize(nodeName: string | undefined, requests: Record<string, string>, subresource?: string): unknown {
  const attributes: Partial<AdmissionAttributes> = {
    ...{ operation: 'update', definition: pods, subresource },
    object: podOf(nodeName, requests),
    previous: podOf(nodeName, {}),
  };
  try {
    return podResizes(objects).admit?.(attributes as AdmissionAttributes);
  } catch (error) {
    return error;
  }
}

describe('a resize of a pod on a node', () => {
  it.each<[string, string | undefined, Record<string, string>, string | undefined]>([
    ['may take all that the node has', 'n', { cpu: '1400m', memory: '1Gi' }, 'resize'],
    ['that has none yet is left to the scheduler', undefined, { cpu: '9' }, 'resize'],
    ['is looked at by way of its subresource alone', 'n', { cpu: '9' }, undefined],
  ])('%s', (_what, nodeName, requests, subresource) => {
    expect(resize(nodeName, requests, subresource)).toBeUndefined();
  });

  it('is refused when it takes more', () => {
    const short = 'cpu, requested: 2001, allocatable: 2000';
    const message = `pods "p" is forbidden: node didn't have enough allocatable resources: ${short}`;
    const details = { causes: [{ reason: 'NodeCapacity' }] };
    expect(resize('n', { cpu: '1401m' }, 'resize')).toMatchObject({ reason: 'Forbidden', message, details });
  });

  it('is refused when the node is gone', () => {
    expect(resize('m', { cpu: '1m' }, 'resize')).toMatchObject({
      reason: 'Forbidden',
      message: expect.stringContaining('"m" not found'),
    });
  });
});
