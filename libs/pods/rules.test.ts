import { containerOf, podOf } from '../../test/support/observed.ts';
import type { V1Pod, V1PodSpec } from '../api/gen/types.ts';
import { expandVariables, unknownVariable } from './expand.ts';
import { afterAttempt, freshProbe, type ProbeOutcome } from './probe.ts';
import { oomScoreOf, qosClassOf } from './qos.ts';
import { podAmounts, quotaOf, sharesOf, storageLimitOf } from './resources.ts';
import { backoffUntil, nextBackoff } from './restart.ts';

const resources = (requests?: Record<string, string>, limits?: Record<string, string>) => ({
  resources: { requests, limits },
});
const both = { cpu: '1', memory: '1Gi' };

describe('qosClassOf', () => {
  const cases: Array<{ name: string; pod: V1Pod; qos: string }> = [
    { name: 'nothing asked', pod: podOf(), qos: 'BestEffort' },
    {
      name: 'limits alone',
      pod: podOf({ containers: [containerOf('c', resources(undefined, both))] }),
      qos: 'Guaranteed',
    },
    {
      name: 'requests like limits in other words',
      pod: podOf({ containers: [containerOf('c', resources({ cpu: '1000m', memory: '1024Mi' }, both))] }),
      qos: 'Guaranteed',
    },
    {
      name: 'requests below limits',
      pod: podOf({ containers: [containerOf('c', resources({ cpu: '500m' }, both))] }),
      qos: 'Burstable',
    },
    {
      name: 'one container without',
      pod: podOf({ containers: [containerOf('a', resources(both, both)), containerOf('b')] }),
      qos: 'Burstable',
    },
    {
      name: 'an init container counts',
      pod: podOf({ initContainers: [containerOf('i')], containers: [containerOf('c', resources(both, both))] }),
      qos: 'Burstable',
    },
    {
      name: 'pod-level resources decide',
      pod: podOf({ resources: { requests: both, limits: both } }),
      qos: 'Guaranteed',
    },
    {
      name: 'zero is nothing',
      pod: podOf({ containers: [containerOf('c', resources({ cpu: '0' }))] }),
      qos: 'BestEffort',
    },
  ];
  it.each(cases)('$name', ({ pod, qos }) => expect(qosClassOf(pod)).toBe(qos));
});

describe('amounts', () => {
  it('adds up containers, takes the larger init container, and adds overhead', () => {
    const pod = podOf({
      initContainers: [
        containerOf('big', resources({ cpu: '3' })),
        containerOf('side', { restartPolicy: 'Always', ...resources({ cpu: '500m' }) }),
      ],
      containers: [containerOf('a', resources({ cpu: '1' })), containerOf('b', resources({ cpu: '250m' }))],
      overhead: { cpu: '100m' },
    });
    expect(podAmounts(pod)).toMatchObject({ cpuRequest: 3100, cpuLimit: undefined });
  });

  const storage = (bytes: string) => ({ 'ephemeral-storage': bytes });
  const disk = (limit: string) => ({ resources: { limits: storage(limit) } });
  it.each<[string, Partial<V1PodSpec>, number | undefined]>([
    ['none without a limit', { containers: [containerOf('a')] }, undefined],
    ['that of the containers that have one', { containers: [containerOf('a', disk('2')), containerOf('b')] }, 2],
    ['nothing where that is the limit', { containers: [containerOf('a', disk('0'))], overhead: storage('1') }, 0],
    ['overhead besides', { containers: [containerOf('a', disk('2'))], overhead: storage('1') }, 3],
    [
      'the larger init container beside the sidecars before it',
      {
        initContainers: [
          containerOf('side', { restartPolicy: 'Always', ...disk('4') }),
          containerOf('big', disk('8')),
          containerOf('late', { restartPolicy: 'Always', ...disk('1') }),
        ],
        containers: [containerOf('a', disk('2'))],
      },
      12,
    ],
  ])('of disk: %s', (_, spec, bytes) => expect(storageLimitOf(podOf(spec))).toBe(bytes));

  it.each([
    [0, 2, 0],
    [1, 2, 1000],
    [100, 102, 10_000],
    [2000, 2048, 200_000],
  ])('%d millicores are %d shares and a quota of %d', (millis, shares, quota) => {
    expect([sharesOf(millis), quotaOf(millis)]).toEqual([shares, quota]);
  });

  it.each([
    ['BestEffort', podOf(), 0, 1000],
    ['Burstable', podOf({ containers: [containerOf('c', resources({ memory: '1Gi' }))] }), 2 ** 30, 750],
    ['Guaranteed', podOf({ containers: [containerOf('c', resources(both, both))] }), 2 ** 30, -997],
  ])('%s has its out-of-memory score', (_, pod, request, score) => {
    expect(oomScoreOf(pod, request, 4 * 2 ** 30)).toBe(score);
  });
});

describe('restart back-off', () => {
  it('doubles from 10 s to 5 min', () => {
    let backoff = nextBackoff(undefined, 0, 0);
    const delays = [backoff.delayMs];
    for (let i = 0; i < 6; i++) {
      backoff = nextBackoff(backoff, backoff.atMs, backoff.atMs);
      delays.push(backoff.delayMs);
    }
    expect(delays.map((ms) => ms / 1000)).toEqual([10, 20, 40, 80, 160, 300, 300]);
  });

  it('is forgotten after 10 min of peace', () => {
    const backoff = { delayMs: 300_000, atMs: 0 };
    expect(backoffUntil(backoff, 600_000)).toEqual({ delayMs: 300_000, untilMs: 900_000 });
    expect(backoffUntil(backoff, 600_001)).toBeUndefined();
    expect(nextBackoff(backoff, 600_001, 600_001).delayMs).toBe(10_000);
  });
});

describe('afterAttempt', () => {
  const probe = { successThreshold: 2, failureThreshold: 3 };
  const cases: Array<[string, ProbeOutcome[], string | undefined]> = [
    ['no verdict before a threshold', ['failure', 'failure'], undefined],
    ['fails at its threshold', ['failure', 'failure', 'failure'], 'failure'],
    ['a success in between starts over', ['failure', 'failure', 'success', 'failure'], undefined],
    ['passes at its threshold', ['failure', 'failure', 'failure', 'success', 'success'], 'success'],
    ['one success keeps the verdict', ['failure', 'failure', 'failure', 'success'], 'failure'],
    ['unknown counts neither way', ['failure', 'failure', 'unknown', 'failure'], 'failure'],
  ];
  it.each(cases)('%s', (_, outcomes, verdict) => {
    expect(outcomes.reduce((state, outcome) => afterAttempt(probe, state, outcome), freshProbe).verdict).toBe(verdict);
  });
});

describe('expandVariables', () => {
  const variables = new Map([
    ['A', 'a'],
    ['B', '$(A)'],
  ]);
  it.each([
    ['$(A)', 'a'],
    ['x$(A)y$(A)', 'xaya'],
    ['$(B)', '$(A)'],
    ['$(NO)', '$(NO)'],
    ['$$(A)', '$(A)'],
    ['$$$(A)', '$a'],
    ['$A $', '$A $'],
    ['$(A', '$(A'],
  ])('%s is %s', (text, result) => expect(expandVariables(text, variables)).toBe(result));

  it('finds what is unknown', () => {
    expect(unknownVariable('$(A)/$$(X)/$(NO)', variables)).toBe('NO');
    expect(unknownVariable('$(A)', variables)).toBeUndefined();
  });
});
