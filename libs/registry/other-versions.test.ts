import { asks, bodyOf, openScratchRegistry, type ScratchRegistry } from '../../test/support/registry.ts';

const old = 'autoscaling/v1/horizontalpodautoscalers';
const current = 'autoscaling/v2/horizontalpodautoscalers';
const scaleTargetRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'd' };
const target = { type: 'Utilization', averageUtilization: 50 };
const metrics = [{ type: 'Resource', resource: { name: 'cpu', target } }];
const autoscaler = (version: string, spec: object) => ({
  apiVersion: `autoscaling/${version}`,
  kind: 'HorizontalPodAutoscaler',
  metadata: { name: 'h', namespace: 'x' },
  spec: { scaleTargetRef, maxReplicas: 3, ...spec },
});

let scratch: ScratchRegistry;
beforeEach(async () => {
  scratch = await openScratchRegistry();
});
afterEach(() => scratch.close());

const by = (fieldManager: string) => ({ ...asks(), fieldManager });

async function specsOwned(path: string) {
  const { object } = await scratch.service(path).get({ namespace: 'x', name: 'h' });
  return Object.fromEntries(
    (object.metadata?.managedFields ?? []).map(({ manager, apiVersion, fieldsV1 }) => [
      `${manager} ${apiVersion}`,
      Object.keys((fieldsV1 as Record<string, object>)['f:spec'] ?? {}).sort(),
    ]),
  );
}

describe('writes in another version', () => {
  beforeEach(async () => {
    const body = bodyOf(autoscaler('v2', { metrics, behavior: { scaleDown: { stabilizationWindowSeconds: 1 } } }));
    await scratch.service(current).create({ namespace: 'x' }, body, by('two'));
  });

  it('take what they change from those who own it in theirs', async () => {
    const body = bodyOf(autoscaler('v1', { targetCPUUtilizationPercentage: 60 }));
    await scratch.service(old).update({ namespace: 'x', name: 'h' }, body, by('one'));
    expect(await specsOwned(current)).toEqual({
      'one autoscaling/v1': ['f:targetCPUUtilizationPercentage'],
      'two autoscaling/v2': ['f:maxReplicas', 'f:minReplicas', 'f:scaleTargetRef'],
    });
  });

  it('leave what they do not change', async () => {
    const { object } = await scratch.service(old).get({ namespace: 'x', name: 'h' });
    const body = bodyOf({ ...object, spec: { ...(object as { spec?: object }).spec, maxReplicas: 4 } });
    await scratch.service(old).update({ namespace: 'x', name: 'h' }, body, by('one'));
    expect(await specsOwned(current)).toEqual({
      'one autoscaling/v1': ['f:maxReplicas'],
      'two autoscaling/v2': ['f:behavior', 'f:metrics', 'f:minReplicas', 'f:scaleTargetRef'],
    });
  });
});
