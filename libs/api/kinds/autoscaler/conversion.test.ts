import type { V1HorizontalPodAutoscaler, V2MetricSpec } from '../../gen/types.ts';
import { firstAutoscalers } from '../horizontalpodautoscaler.ts';
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

  it('default to that target from the start, unless something else is measured', () => {
    const { targetCPUUtilizationPercentage: _, ...spec } = old.spec;
    const defaulted = (from: V1HorizontalPodAutoscaler) => {
      const draft = structuredClone(from);
      firstAutoscalers.setDefaults?.(draft);
      return draft.spec;
    };
    expect(defaulted({ ...old, spec })).toMatchObject({ minReplicas: 1, targetCPUUtilizationPercentage: 80 });
    const stored = toNewAutoscaler(old);
    stored.spec.metrics = [memory];
    expect(defaulted(toOldAutoscaler(stored)).targetCPUUtilizationPercentage).toBeUndefined();
  });

  it('keep what the first has no fields for', () => {
    const stored = toNewAutoscaler(old);
    stored.spec.metrics?.unshift(memory);
    stored.spec.behavior = { scaleDown: { stabilizationWindowSeconds: 5 } };
    const back = toNewAutoscaler(toOldAutoscaler(stored));
    expect(back.spec).toEqual(stored.spec);
    expect(back.metadata?.annotations).toEqual({ a: 'b' });
  });

  const target = { kind: 'Service', name: 's', apiVersion: 'v1' };
  const travelling: Array<[V2MetricSpec, object]> = [
    [memory, { type: 'Resource', resource: { name: 'memory', targetAverageValue: '1Gi' } }],
    [
      { type: 'External', external: { metric: { name: 'q' }, target: { type: 'Value', value: '30' } } },
      { type: 'External', external: { metricName: 'q', targetValue: '30' } },
    ],
    [
      { type: 'External', external: { metric: { name: 'q' }, target: { type: 'AverageValue', averageValue: '3' } } },
      { type: 'External', external: { metricName: 'q', targetAverageValue: '3' } },
    ],
    [
      { type: 'Pods', pods: { metric: { name: 'p' }, target: { type: 'AverageValue', averageValue: '10k' } } },
      { type: 'Pods', pods: { metricName: 'p', targetAverageValue: '10k' } },
    ],
    [
      {
        type: 'Object',
        object: {
          describedObject: target,
          metric: { name: 'o' },
          target: { type: 'AverageValue', averageValue: '2k' },
        },
      },
      { type: 'Object', object: { target, metricName: 'o', targetValue: '0', averageValue: '2k' } },
    ],
    [
      {
        type: 'Object',
        object: { describedObject: target, metric: { name: 'o' }, target: { type: 'Value', value: '2k' } },
      },
      { type: 'Object', object: { target, metricName: 'o', targetValue: '2k' } },
    ],
    [
      {
        type: 'ContainerResource',
        containerResource: { name: 'cpu', container: 'c', target: { type: 'Utilization', averageUtilization: 60 } },
      },
      {
        type: 'ContainerResource',
        containerResource: { name: 'cpu', targetAverageUtilization: 60, container: 'c' },
      },
    ],
  ];
  it.each(travelling)('carry %j in the words of the first', (metric, carried) => {
    const stored = toNewAutoscaler(old);
    stored.spec.metrics?.push(metric);
    const first = toOldAutoscaler(stored);
    const text = first.metadata?.annotations?.['autoscaling.alpha.kubernetes.io/metrics'] ?? '';
    expect(JSON.parse(text)).toEqual([carried]);
    expect(toNewAutoscaler(first).spec.metrics).toContainEqual(metric);
  });

  it('carry behaviour under the names that upstream gives it', () => {
    const stored = toNewAutoscaler(old);
    const policies = [{ type: 'Pods', value: 4, periodSeconds: 15 }];
    stored.spec.behavior = { scaleUp: { selectPolicy: 'Max', policies } };
    const first = toOldAutoscaler(stored);
    expect(first.metadata?.annotations?.['autoscaling.alpha.kubernetes.io/behavior']).toBe(
      '{"ScaleUp":{"StabilizationWindowSeconds":null,"SelectPolicy":"Max",' +
        '"Policies":[{"Type":"Pods","Value":4,"PeriodSeconds":15}],"Tolerance":null},"ScaleDown":null}',
    );
    expect(toNewAutoscaler(first).spec.behavior).toEqual(stored.spec.behavior);
  });

  it('overlook annotations that nobody can read', () => {
    const annotations = { 'autoscaling.alpha.kubernetes.io/metrics': '{' };
    expect(toNewAutoscaler({ ...old, metadata: { annotations } }).spec.metrics).toHaveLength(1);
  });
});
