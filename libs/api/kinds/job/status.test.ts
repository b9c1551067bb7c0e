import { complaintsOf } from '../../../../test/support/complaints.ts';
import type { V1Job, V1JobStatus } from '../../gen/types.ts';
import { jobs } from '../job.ts';

const template = { spec: { containers: [{ name: 'c', image: 'i' }], restartPolicy: 'Never' } };
const job = (status: V1JobStatus): V1Job => ({
  metadata: { name: 'j', namespace: 'n', uid: 'u', creationTimestamp: '2026-01-01T00:00:00Z', resourceVersion: '1' },
  spec: { template },
  status,
});
const condition = (type: string) => ({ type, status: 'True' });
const startTime = '2020-01-01T00:00:00Z';
const completionTime = '2020-01-02T00:00:00Z';
const ended = { startTime, completionTime, conditions: [condition('SuccessCriteriaMet'), condition('Complete')] };

describe('the status of a job', () => {
  const cases: ReadonlyArray<readonly [name: string, before: V1JobStatus, after: V1JobStatus, complaints: string[]]> = [
    ['of one that ends', {}, ended, []],
    [
      'that ends without a time or a reason',
      {},
      { conditions: [condition('Complete')] },
      ['Required status.completionTime', 'Invalid status.conditions', 'Required status.startTime'],
    ],
    ['that was wrong and stays so', { completionTime }, { completionTime, active: 1 }, []],
    ['with a time and no end', {}, { completionTime }, ['Invalid status.completionTime']],
    [
      'with pods uncounted twice',
      {},
      { uncountedTerminatedPods: { succeeded: ['a', ''], failed: ['a'] } },
      ['Invalid status.uncountedTerminatedPods.succeeded[1]', 'Duplicate status.uncountedTerminatedPods.failed[0]'],
    ],
    ['with fewer active than none', {}, { active: -1 }, ['Invalid status.active']],
    ['with more ready than active', {}, { ready: 2, active: 1 }, ['Invalid status.ready']],
    ['that goes back', ended, { startTime }, ['Invalid status.conditions', 'Invalid status.conditions']],
    ['that counts down', { failed: 2 }, { failed: 1 }, ['Invalid status.failed']],
  ];
  it.each(cases)('%s', (_, before, after, complaints) => {
    expect(complaintsOf(jobs.validateStatusUpdate?.(job(after), job(before)) ?? [])).toEqual(complaints);
  });
});
