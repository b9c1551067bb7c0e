import { makePod } from '../../../test/support/make-pod.ts';
import type { V1Pod, V2HorizontalPodAutoscaler, V2MetricSpec } from '../../api/gen/types.ts';
import { emptyHistory, type History } from './behavior.ts';
import { compute } from './compute.ts';
import { durationMs, type PodMetrics } from './metrics.ts';

const nowMs = Date.UTC(2026, 0, 1, 1);
const started = '2026-01-01T00:00:00Z';

function makePods(count: number, shape: (pod: V1Pod, at: number) => void = () => {}): V1Pod[] {
  return Array.from({ length: count }, (_, at) => {
    const pod = makePod(`p${at}`).on('n1').requests('100m', '100Mi').ready(started).build();
    pod.status = { ...pod.status, startTime: started };
    shape(pod, at);
    return pod;
  });
}

const metricsOf = (cpus: ReadonlyArray<string | undefined>): PodMetrics[] =>
  cpus.flatMap((cpu, at) =>
    cpu === undefined
      ? []
      : [
          {
            metadata: { name: `p${at}` },
            timestamp: '2026-01-01T00:59:50Z',
            window: '15s',
            containers: [{ name: 'main', usage: { cpu, memory: '50Mi' } }],
          },
        ],
  );

const utilization = (averageUtilization: number): V2MetricSpec => ({
  type: 'Resource',
  resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization } },
});

function makeAutoscaler(spec: Partial<V2HorizontalPodAutoscaler['spec']> = {}): V2HorizontalPodAutoscaler {
  const scaleTargetRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' };
  return {
    metadata: { name: 'web', generation: 1 },
    spec: { scaleTargetRef, minReplicas: 1, maxReplicas: 10, metrics: [utilization(50)], ...spec },
  };
}

interface Case {
  name: string;
  cpus: Array<string | undefined>;
  pods?: (pod: V1Pod, at: number) => void;
  count?: number;
  spec?: Partial<V2HorizontalPodAutoscaler['spec']>;
  history?: Partial<History>;
  want: number;
  conditions?: string[];
}

const notReady = (pod: V1Pod) => {
  pod.status!.conditions = [{ type: 'Ready', status: 'False', lastTransitionTime: '2026-01-01T00:59:40Z' }];
  pod.status!.startTime = '2026-01-01T00:59:30Z';
};

const cases: Case[] = [
  {
    name: 'at its goal',
    cpus: ['50m', '50m'],
    want: 2,
    conditions: [
      'AbleToScale True ReadyForNewScale',
      'ScalingActive True ValidMetricFound',
      'ScalingLimited False DesiredWithinRange',
    ],
  },
  { name: 'within the tolerance', cpus: ['54m', '54m'], want: 2 },
  { name: 'twice the goal doubles', cpus: ['100m', '100m'], want: 4 },
  { name: 'half the goal halves', cpus: ['25m', '25m', '25m', '25m'], want: 2 },
  {
    name: 'a recent higher recommendation holds',
    cpus: ['25m', '25m', '25m', '25m'],
    history: { recommendations: [{ replicas: 4, atMs: nowMs - 60_000 }] },
    want: 4,
    conditions: [
      'AbleToScale True ScaleDownStabilized',
      'ScalingActive True ValidMetricFound',
      'ScalingLimited False DesiredWithinRange',
    ],
  },
  {
    name: 'an old one does not',
    cpus: ['25m', '25m', '25m', '25m'],
    history: { recommendations: [{ replicas: 4, atMs: nowMs - 301_000 }] },
    want: 2,
  },
  {
    name: 'never above the most',
    cpus: ['300m', '300m', '300m'],
    spec: { maxReplicas: 5 },
    want: 5,
    conditions: [
      'AbleToScale True ReadyForNewScale',
      'ScalingActive True ValidMetricFound',
      'ScalingLimited True TooManyReplicas',
    ],
  },
  {
    name: 'at most doubles, or four',
    cpus: ['1000m'],
    spec: { maxReplicas: 30 },
    want: 4,
    conditions: [
      'AbleToScale True ReadyForNewScale',
      'ScalingActive True ValidMetricFound',
      'ScalingLimited True ScaleUpLimit',
    ],
  },
  { name: 'never below the least', cpus: ['1m', '1m', '1m'], spec: { minReplicas: 2 }, want: 2 },
  { name: 'pods without metrics count as idle when growing', cpus: ['100m', undefined], want: 2 },
  { name: 'and as full when shrinking', cpus: ['10m', '10m', undefined], want: 3 },
  {
    name: 'pods that start count as idle when growing',
    cpus: ['120m', '120m', '900m'],
    pods: (pod, at) => at === 2 && notReady(pod),
    want: 5,
  },
  {
    name: 'failed pods do not count',
    cpus: ['100m', '0m'],
    pods: (pod, at) => {
      if (at === 1) pod.status!.phase = 'Failed';
    },
    want: 2,
  },
  {
    name: 'the target was scaled to zero',
    cpus: [],
    count: 0,
    want: 0,
    conditions: ['AbleToScale True SucceededGetScale', 'ScalingActive False ScalingDisabled'],
  },
  {
    name: 'no metrics at all',
    cpus: [undefined],
    want: 1,
    conditions: ['AbleToScale True SucceededGetScale', 'ScalingActive False FailedGetResourceMetric'],
  },
  {
    name: 'no requests',
    cpus: ['10m'],
    pods: (pod) => {
      pod.spec!.containers[0]!.resources = {};
    },
    want: 1,
    conditions: ['AbleToScale True SucceededGetScale', 'ScalingActive False FailedGetResourceMetric'],
  },
  {
    name: 'average value',
    cpus: ['100m', '100m'],
    spec: {
      metrics: [{ type: 'Resource', resource: { name: 'cpu', target: { type: 'AverageValue', averageValue: '25m' } } }],
    },
    want: 4,
  },
  {
    name: 'one container alone',
    cpus: ['100m', '100m'],
    spec: {
      metrics: [
        {
          type: 'ContainerResource',
          containerResource: {
            name: 'memory',
            container: 'main',
            target: { type: 'Utilization', averageUtilization: 25 },
          },
        },
      ],
    },
    want: 4,
  },
  {
    name: 'the metric that asks for most wins',
    cpus: ['100m', '100m'],
    spec: {
      metrics: [
        utilization(50),
        { type: 'Resource', resource: { name: 'memory', target: { type: 'Utilization', averageUtilization: 50 } } },
      ],
    },
    want: 4,
  },
  {
    name: 'a policy bounds growth',
    cpus: ['200m', '200m'],
    spec: {
      behavior: {
        scaleUp: {
          stabilizationWindowSeconds: 0,
          selectPolicy: 'Max',
          policies: [{ type: 'Pods', value: 1, periodSeconds: 60 }],
        },
      },
    },
    want: 3,
    conditions: [
      'AbleToScale True ReadyForNewScale',
      'ScalingActive True ValidMetricFound',
      'ScalingLimited True ScaleUpLimit',
    ],
  },
  {
    name: 'a policy counts what was done in its period',
    cpus: ['200m', '200m'],
    history: { scaleUps: [{ change: 1, atMs: nowMs - 30_000 }] },
    spec: {
      behavior: {
        scaleUp: {
          stabilizationWindowSeconds: 0,
          selectPolicy: 'Max',
          policies: [{ type: 'Pods', value: 1, periodSeconds: 60 }],
        },
      },
    },
    want: 2,
  },
  {
    name: 'shrinking is forbidden',
    cpus: ['1m', '1m'],
    spec: {
      behavior: {
        scaleDown: {
          stabilizationWindowSeconds: 0,
          selectPolicy: 'Disabled',
          policies: [{ type: 'Percent', value: 100, periodSeconds: 15 }],
        },
      },
    },
    want: 2,
    conditions: [
      'AbleToScale True ReadyForNewScale',
      'ScalingActive True ValidMetricFound',
      'ScalingLimited True ScaleDownLimit',
    ],
  },
];

describe('the size of an autoscaled workload', () => {
  it.each(cases)('$name', ({ cpus, pods = () => {}, count = cpus.length, spec, history, want, conditions }) => {
    const snapshot = {
      autoscaler: makeAutoscaler(spec),
      current: count,
      pods: makePods(count, pods),
      measured: metricsOf(cpus),
      history: { ...emptyHistory(), ...history },
    };
    const plan = compute(snapshot, nowMs);
    expect(plan.replicas).toBe(want);
    const told = plan.status.conditions?.map(({ type, status, reason }) => `${type} ${status} ${reason}`);
    if (conditions) expect(told).toEqual(conditions);
  });

  it('says what it saw', () => {
    const snapshot = {
      autoscaler: makeAutoscaler(),
      current: 2,
      pods: makePods(2),
      measured: metricsOf(['100m', '50m']),
      history: emptyHistory(),
    };
    expect(compute(snapshot, nowMs).status).toMatchObject({
      currentReplicas: 2,
      desiredReplicas: 3,
      currentMetrics: [
        { type: 'Resource', resource: { name: 'cpu', current: { averageUtilization: 75, averageValue: '75m' } } },
      ],
    });
  });

  it.each([
    ['15s', 15_000],
    ['1m30s', 90_000],
    ['15.5s', 15_500],
    ['10ms', 10],
  ])('reads %s', (text, ms) => {
    expect(durationMs(text)).toBe(ms);
  });
});
