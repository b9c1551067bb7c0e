import type { V1Node } from '../../api/gen/types.ts';
import { computeTaints, signOf, silenceOf, unknownConditions } from './compute.ts';

const nowMs = Date.UTC(2026, 0, 1, 1);

function makeNode(conditions: Record<string, string>, spec: V1Node['spec'] = {}): V1Node {
  const list = Object.entries(conditions).map(([type, status]) => ({ type, status }));
  return { metadata: { name: 'n1', creationTimestamp: '2026-01-01T00:00:00Z' }, spec, status: { conditions: list } };
}

describe('silence', () => {
  const young = { metadata: { name: 'n1', creationTimestamp: '2026-01-01T00:59:30Z' } };
  it.each([
    { name: 'a held session speaks', node: makeNode({}), lease: { spec: { holderIdentity: 's1' } }, silent: false },
    { name: 'a released one does not', node: makeNode({}), lease: { spec: { holderIdentity: '' } }, silent: true },
    { name: 'a new node has time to come up', node: young, lease: undefined, silent: false },
    { name: 'an old node that never spoke', node: makeNode({}), lease: undefined, silent: true },
  ])('$name', ({ node, lease, silent }) => {
    expect(silenceOf(node, lease, { nowMs, session: lease !== undefined }).silent).toBe(silent);
  });

  const kubelets = { spec: { holderIdentity: 'n1', renewTime: '2026-01-01T00:59:59Z' } };
  const renewed = { spec: { ...kubelets.spec, renewTime: '2026-01-01T01:00:09Z' } };
  const said = (lastHeartbeatTime: string) => ({
    status: { conditions: [{ type: 'Ready', status: 'True', lastHeartbeatTime }] },
  });
  type Case = { name: string; before: Parameters<typeof signOf>; after: Parameters<typeof signOf> };
  it.each<Case>([
    { name: 'a renewal', before: [said('1'), kubelets], after: [said('1'), renewed] },
    {
      name: 'a heartbeat beside a lease that is left over',
      before: [said('1'), kubelets],
      after: [said('2'), kubelets],
    },
    { name: 'a heartbeat without a lease', before: [said('1'), undefined], after: [said('2'), undefined] },
  ])('sees as a sign of life $name', ({ before, after }) => {
    expect(signOf(...after)).not.toBe(signOf(...before));
  });

  it('waits for a first sign of a node without a lease, not of one with a lease that was never renewed', () => {
    expect(signOf(makeNode({ Ready: 'True' }), undefined)).toBeUndefined();
    expect(signOf(makeNode({ Ready: 'True' }), { spec: { holderIdentity: 'n1' } })).toBeDefined();
  });

  it('is not begun by a lease of others without a holder', () => {
    const lease = { spec: { holderIdentity: '' } };
    expect(silenceOf(makeNode({}), lease, { nowMs, quietMs: 1_000 }).silent).toBe(false);
  });

  it.each([
    { name: 'not yet', quietMs: 49_000, silence: { silent: false, checkInMs: 1_000 } },
    { name: 'when the last is too long ago', quietMs: 50_000, silence: { silent: true, reason: 'NodeStatusUnknown' } },
  ])('begins after signs of life $name', ({ quietMs, silence }) => {
    expect(silenceOf(makeNode({}), kubelets, { nowMs, quietMs })).toMatchObject(silence);
  });

  it('makes every reported condition unknown, once', () => {
    const silence = { reason: 'NodeStatusUnknown', message: '' };
    const conditions = unknownConditions(
      makeNode({ Ready: 'True', MemoryPressure: 'False', NetworkUnavailable: 'False' }),
      silence,
      nowMs,
    );
    const byType = Object.fromEntries((conditions ?? []).map(({ type, status }) => [type, status]));
    expect(byType).toEqual({
      Ready: 'Unknown',
      MemoryPressure: 'Unknown',
      DiskPressure: 'Unknown',
      PIDPressure: 'Unknown',
      NetworkUnavailable: 'False',
    });
    expect(unknownConditions(makeNode(byType), silence, nowMs)).toBeUndefined();
  });
});

describe('taints', () => {
  const prefix = 'node.kubernetes.io/';
  const users = { key: 'team', value: 'a', effect: 'NoSchedule' };
  const cases: Array<{
    name: string;
    conditions: Record<string, string>;
    spec?: V1Node['spec'];
    want: string[] | undefined;
  }> = [
    { name: 'none on a ready node', conditions: { Ready: 'True' }, want: undefined },
    { name: 'not ready', conditions: { Ready: 'False' }, want: ['not-ready NoSchedule', 'not-ready NoExecute'] },
    {
      name: 'unreachable',
      conditions: { Ready: 'Unknown' },
      want: ['unreachable NoSchedule', 'unreachable NoExecute'],
    },
    {
      name: 'pressure and cordon',
      conditions: { Ready: 'True', DiskPressure: 'True' },
      spec: { unschedulable: true },
      want: ['disk-pressure NoSchedule', 'unschedulable NoSchedule'],
    },
    {
      name: 'back again: ours go, the user’s stay',
      conditions: { Ready: 'True' },
      spec: { taints: [users, { key: `${prefix}unreachable`, effect: 'NoExecute' }] },
      want: ['team NoSchedule'],
    },
    {
      name: 'uncordoned',
      conditions: { Ready: 'True' },
      spec: { taints: [{ key: `${prefix}unschedulable`, effect: 'NoSchedule' }] },
      want: [],
    },
  ];
  it('spares the pods of an unreachable node that may not be at fault', () => {
    const taints = computeTaints(makeNode({ Ready: 'Unknown' }), nowMs, false);
    expect(taints?.map(({ effect }) => effect)).toEqual(['NoSchedule']);
  });

  it.each(cases)('$name', ({ conditions, spec, want }) => {
    const taints = computeTaints(makeNode(conditions, spec), nowMs);
    expect(taints?.map(({ key, effect }) => `${key.replace(prefix, '')} ${effect}`)).toEqual(want);
  });
});
