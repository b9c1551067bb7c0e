import type { V1HorizontalPodAutoscaler, V2MetricSpec } from '../../gen/types.ts';
import { toNewAutoscaler, toOldAutoscaler } from './conversion.ts';

const memory: V2MetricSpec = {
  type: 'Resource',
  resource: { name: 'memory', target: { type: 'AverageValue', averageValue: '1Gi' } },
};
const old: V1HorizontalPodAutoscaler = {
  metadata: { name: 'x', annotations: { a: 'b' } },
  spec: { maxReplicas: 3, scaleTargetRef: { kind: 'Deployment', name: 'web' }, targetCPUUtilizationPercentage: 60 },
};

describe('the two versions of an autoscaler', () => {
  it('say the same of CPU', () => {
    const stored = toNewAutoscaler(old);
    expect(stored.spec.metrics).toMatchObject([{ resource: { name: 'cpu', target: { averageUtilization: 60 } } }]);
    expect(toOldAutoscaler(stored)).toMatchObject(old);
  });

  it('have a target where none is given', () => {
    const { targetCPUUtilizationPercentage: _, ...spec } = old.spec;
    expect(toOldAutoscaler(toNewAutoscaler({ ...old, spec })).spec.targetCPUUtilizationPercentage).toBe(80);
  });

  it('keep what the first has no fields for', () => {
    const stored = toNewAutoscaler(old);
    stored.spec.metrics?.unshift(memory);
    stored.spec.behavior = { scaleDown: { stabilizationWindowSeconds: 5 } };
    const back = toNewAutoscaler(toOldAutoscaler(stored));
    expect(back.spec).toEqual(stored.spec);
    expect(back.metadata?.annotations).toEqual({ a: 'b' });
  });

  it('overlook annotations that nobody can read', () => {
    const annotations = { 'autoscaling.alpha.kubernetes.io/metrics': '{' };
    expect(toNewAutoscaler({ ...old, metadata: { annotations } }).spec.metrics).toHaveLength(1);
  });
});
