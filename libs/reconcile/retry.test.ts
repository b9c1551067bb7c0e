import { StatusError } from '../base/status.ts';
import { allDone } from './retry.ts';

const terminating = () =>
  new StatusError('Forbidden', 'is being terminated', {
    details: { causes: [{ reason: 'NamespaceTerminating', message: '' }] },
  });

describe('work done together', () => {
  const real = new Error('real');
  it.each([
    { name: 'nothing when all is well', failures: [], want: undefined },
    { name: 'nothing when only the namespace ends', failures: [terminating(), terminating()], want: undefined },
    { name: 'a failure', failures: [real], want: real },
    { name: 'a failure behind an ending namespace', failures: [terminating(), real], want: real },
  ])('fails with $name', async ({ failures, want }) => {
    const work = [Promise.resolve(), ...failures.map((error) => Promise.reject(error))];
    const outcome = await allDone(work).catch((error: unknown) => error);
    expect(outcome).toBe(want);
  });
});
