import { makePod } from '../../test/support/make-pod.ts';
import { withSpec } from '../../test/support/placement.ts';
import { Cluster } from './cluster.ts';
import { wakesOn } from './plugin.ts';
import { errorBackoff, SchedulingQueue, unschedulableMsMax } from './queue.ts';

const cluster = new Cluster();
const info = (name: string, priority = 0) => cluster.read(withSpec(makePod(name).build(), { priority }));

/** A queue with pods `a`, `b`, `c` of one class and `other` of another. */
function filled(): SchedulingQueue {
  const queue = new SchedulingQueue();
  for (const name of ['a', 'b', 'c']) queue.add(info(name), 'web', 0);
  queue.add(info('other'), 'other', 0);
  return queue;
}

const popAll = (queue: SchedulingQueue) => {
  const entries = [];
  for (let entry = queue.pop(); entry; entry = queue.pop()) entries.push(entry);
  return entries;
};
const refuseAll = (queue: SchedulingQueue, changes: number) => {
  for (const entry of popAll(queue)) queue.refuse(entry, changes, 0);
};
const names = (queue: SchedulingQueue) => popAll(queue).map((entry) => entry.info.name);

describe('SchedulingQueue', () => {
  it('gives out pods by priority, then by arrival', () => {
    const queue = new SchedulingQueue();
    for (const [name, priority] of [
      ['a', 0],
      ['b', 5],
      ['c', 5],
      ['d', 9],
      ['e', 0],
    ] as const) {
      queue.add(info(name, priority), name, 0);
    }
    expect(names(queue)).toEqual(['d', 'b', 'c', 'a', 'e']);
  });

  it('wakes one pod of each class, and only for a change that could help', () => {
    const queue = filled();
    refuseAll(queue, wakesOn.podRemoved);
    queue.wake(wakesOn.nodeLabels);
    expect(names(queue)).toEqual([]);
    queue.wake(wakesOn.podRemoved | wakesOn.nodeAdded);
    expect(names(queue)).toEqual(['a', 'other']);
    expect(queue.count('unschedulable')).toBe(2);
  });

  it('lets the next of the class follow one that found room, and stops at one that did not', () => {
    const queue = filled();
    refuseAll(queue, wakesOn.nodeAdded);
    queue.wake(wakesOn.nodeAdded);
    const [first, other] = popAll(queue);
    queue.done(first!);
    queue.refuse(other!, wakesOn.nodeAdded, 0);
    const second = queue.pop()!;
    expect(second.info.name).toBe('b');
    queue.refuse(second, wakesOn.nodeAdded, 0);
    expect(queue.hasActive).toBe(false);
    queue.wake(wakesOn.nodeAdded);
    expect(names(queue)).toEqual(['b', 'other']);
  });

  it('goes on with the class when the pod being tried is deleted', () => {
    const queue = filled();
    refuseAll(queue, wakesOn.nodeAdded);
    queue.wake(wakesOn.nodeAdded);
    queue.remove('uid-a');
    expect(names(queue)).toEqual(['b', 'other']);
  });

  it('keeps the place and the age of a pod that is updated', () => {
    const queue = filled();
    queue.add(info('b'), 'changed', 700);
    const entries = popAll(queue);
    expect(entries.map((entry) => entry.info.name)).toEqual(['a', 'b', 'c', 'other']);
    expect(entries[1]).toMatchObject({ classKey: 'changed', addedMs: 0 });
  });

  it('tries again after an error, at growing distances', () => {
    const queue = new SchedulingQueue();
    queue.add(info('a'), 'web', 0);
    let nowMs = 0;
    for (const pauseMs of [errorBackoff.initialMs, errorBackoff.initialMs * 2, errorBackoff.initialMs * 4]) {
      queue.fail(queue.pop()!, nowMs);
      queue.tick(nowMs + pauseMs - 1);
      expect(queue.hasActive).toBe(false);
      nowMs += pauseMs;
      queue.tick(nowMs);
      expect(queue.hasActive).toBe(true);
    }
  });

  it('tries pods that nothing has woken for long', () => {
    const queue = filled();
    refuseAll(queue, 0);
    queue.tick(unschedulableMsMax);
    expect(queue.hasActive).toBe(false);
    queue.tick(unschedulableMsMax + 1);
    expect(names(queue)).toEqual(['a', 'other']);
  });

  it('sorts waiting pods anew when rules set them apart, so that none waits behind an unlike one', () => {
    const queue = filled();
    refuseAll(queue, wakesOn.nodeAdded);
    queue.regroup((pod) => (pod.name === 'b' ? 'apart' : 'web'));
    expect(names(queue)).toEqual(['a', 'b']);
  });
});
