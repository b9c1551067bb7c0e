import { FakeClock } from '../../test/support/fake-clock.ts';
import { RevisionGate, revisionWaitMsMax } from './revision-gate.ts';

function makeGate() {
  const clock = new FakeClock();
  const gate = new RevisionGate(clock);
  const said: string[] = [];
  const wait = (revision: number) => {
    const name = `${revision}`;
    void gate.reached(revision)?.then(
      () => said.push(`${name} passed`),
      (error: Error) => said.push(`${name}: ${error.message}`),
    );
  };
  return { clock, gate, said, wait };
}

it('lets pass who waits for what has been reached', async () => {
  const { clock, gate, said, wait } = makeGate();
  wait(3);
  wait(5);
  gate.advance(2);
  await clock.settle();
  expect(said).toEqual([]);
  gate.advance(4);
  await clock.settle();
  expect(said).toEqual(['3 passed']);
  expect(gate.reached(4)).toBeUndefined();
  gate.advance(5);
  await clock.settle();
  expect(said).toEqual(['3 passed', '5 passed']);
});

it('gives each up at its own time, also when the first of them has passed', async () => {
  const { clock, gate, said, wait } = makeGate();
  wait(1);
  await clock.advance(revisionWaitMsMax / 3);
  wait(7);
  await clock.advance(revisionWaitMsMax / 3);
  wait(8);
  gate.advance(1);
  await clock.advance(revisionWaitMsMax / 3 + 1);
  expect(said).toEqual(['1 passed']);
  await clock.advance(revisionWaitMsMax / 3);
  expect(said).toEqual(['1 passed', '7: Too large resource version: 7, current: 1']);
  await clock.advance(revisionWaitMsMax / 3);
  expect(said.slice(2)).toEqual(['8: Too large resource version: 8, current: 1']);
  wait(9);
  await clock.advance(revisionWaitMsMax - 1);
  expect(said).toHaveLength(3);
  await clock.advance(1);
  expect(said).toHaveLength(4);
});
