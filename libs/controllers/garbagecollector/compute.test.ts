import type { KubeObject } from '../../api/meta.ts';
import { computeDeleting, computeOwned, type OwnerState } from './compute.ts';

const owned = (owners: string[], more: object = {}): KubeObject => ({
  metadata: {
    name: 'x',
    uid: 'x',
    ownerReferences: owners.map((uid) => ({
      apiVersion: 'v1',
      kind: 'Owner',
      name: uid,
      uid,
      blockOwnerDeletion: true,
    })),
    ...more,
  },
});
const resource = { group: '', version: 'v1', kind: 'X', plural: 'xs', namespaced: true };
const dependent = (object: KubeObject) => ({ resource, object });

describe('an owned object', () => {
  const leaving = { deletionTimestamp: '2026-01-01T00:00:00Z', finalizers: ['foregroundDeletion'] };
  const leavingChild = [dependent(owned(['x'], leaving))];
  const child = [dependent(owned(['x']))];
  const cases: Array<{
    name: string;
    states: Record<string, OwnerState>;
    finalizers?: string[];
    children?: boolean;
    /** A dependent of it is being deleted in the foreground. */
    circle?: boolean;
    want: object;
  }> = [
    { name: 'with a living owner stays', states: { a: 'solid' }, want: { do: 'nothing' } },
    { name: 'without any owner left goes', states: { a: 'dangling' }, want: { do: 'delete', policy: 'Background' } },
    {
      name: 'with one of two owners left loses the other',
      states: { a: 'solid', b: 'dangling' },
      want: { do: 'dropOwners', uids: ['b'] },
    },
    { name: 'with an owner that waits goes', states: { a: 'waiting' }, want: { do: 'delete', policy: 'Background' } },
    {
      name: 'takes its own dependents along in the foreground',
      states: { a: 'waiting' },
      children: true,
      want: { do: 'delete', policy: 'Foreground' },
    },
    {
      name: 'in a circle lets go of its owners',
      states: { a: 'waiting' },
      circle: true,
      want: { do: 'delete', policy: 'Foreground', unblock: true },
    },
    {
      name: 'with one waiting and one living owner is let go',
      states: { a: 'waiting', b: 'solid' },
      want: { do: 'dropOwners', uids: ['a'] },
    },
    { name: 'of an owner of unknown kind stays', states: { a: 'dangling', b: 'unknown' }, want: { do: 'nothing' } },
    {
      name: 'keeps its own wish to orphan',
      states: { a: 'dangling' },
      finalizers: ['orphan'],
      want: { do: 'delete', policy: 'Orphan' },
    },
  ];
  it.each(cases)('$name', ({ states, finalizers, children, circle, want }) => {
    const object = owned(Object.keys(states), finalizers ? { finalizers } : {});
    expect(
      computeOwned(object, new Map(Object.entries(states)), circle ? leavingChild : children ? child : []),
    ).toEqual(want);
  });
});

describe('an object in deletion', () => {
  const leaving = (finalizers: string[]) => owned([], { finalizers, deletionTimestamp: '2026-01-01T00:00:00Z' });
  const blocking = [dependent(owned(['x']))];
  it.each([
    { name: 'orphans its dependents', finalizers: ['orphan'], dependents: blocking, want: 'orphan' },
    {
      name: 'waits for those that block',
      finalizers: ['foregroundDeletion'],
      dependents: blocking,
      want: 'deleteDependents',
    },
    { name: 'goes when none blocks', finalizers: ['foregroundDeletion'], dependents: [], want: 'finishForeground' },
    { name: 'with other finalizers is not ours', finalizers: ['example.com/x'], dependents: blocking, want: 'nothing' },
  ])('$name', ({ finalizers, dependents, want }) => {
    expect(computeDeleting(leaving(finalizers), dependents).do).toBe(want);
  });
});
