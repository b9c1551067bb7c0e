import type { DrainPlan } from '../../../libs/scheduling/foresight/drain.ts';
import type { Plan } from '../../../libs/scheduling/foresight/plan.ts';
import type { Rebalance } from '../../../libs/scheduling/foresight/rebalance.ts';
import { drainLines, wouldSucceed } from './drain-lines.ts';
import { planLines } from './plan-lines.ts';
import { rebalanceLines } from './rebalance-lines.ts';
import { simulationLines } from './simulation-lines.ts';

const object = {
  object: 'Deployment a/web',
  namespace: 'a',
  change: 'creates' as const,
  placed: [
    { pod: 'a/web/1', node: 'n1' },
    { pod: 'a/web/2', node: 'n1' },
  ],
  waiting: [],
  evicted: [],
  leaving: [],
  notes: [],
};

describe('a plan in print', () => {
  it.each<{ name: string; plan: Plan; want: string[] }>([
    { name: 'without pods', plan: { objects: [], fits: true }, want: ['none of these objects makes pods'] },
    {
      name: 'that fits',
      plan: { objects: [object], fits: true },
      want: [
        'OBJECT             CHANGE    PODS   WHERE     WAIT   PREEMPT',
        'Deployment a/web   creates   2      2 on n1   0      0',
        '',
        'everything fits: 2 new pods',
      ],
    },
    {
      name: 'that does not fit',
      plan: {
        objects: [
          {
            ...object,
            placed: [],
            waiting: [{ pods: ['a/1', 'a/2', 'a/3', 'a/4'], message: 'no room.', remedy: 'with less it would fit' }],
            evicted: [{ pod: 'a/low', priority: -1, from: 'n2', message: 'no room either' }],
            leaving: [{ pod: 'a/old', node: 'n3' }],
          },
          { ...object, object: 'Pod a/p', change: 'refused', placed: [], notes: ['exceeded quota'] },
        ],
        fits: false,
      },
      want: [
        'OBJECT             CHANGE    PODS   WHERE   WAIT   PREEMPT',
        'Deployment a/web   creates   0      -       4      1',
        'Pod a/p            refused   0      -       0      0',
        '',
        'Deployment a/web',
        '  1 of its pods would go: 1 on n3',
        '  preempts a/low (priority -1) on n2: no room either',
        '  waiting: a/1, a/2, a/3 and 1 more: no room.',
        '    with less it would fit',
        'Pod a/p',
        '  exceeded quota',
        '',
        'not everything fits: 4 pods would wait, 1 object would be refused',
      ],
    },
  ])('$name', ({ plan, want }) => expect(planLines(plan)).toEqual(want));
});

describe('a drain in print', () => {
  const plan: DrainPlan = {
    node: 'n1',
    pods: [
      { pod: 'a/1', fate: 'moves', to: 'n2', needs: 'delete-emptydir-data' },
      { pod: 'a/2', fate: 'goes', reason: 'nothing owns it', needs: 'force' },
    ],
  };
  it('asks for what it needs', () => {
    expect(drainLines(plan, { force: false, deleteEmptyDirData: false })).toEqual([
      'POD   FATE    TO   WHY',
      'a/1   moves   n2   needs --delete-emptydir-data',
      'a/2   goes    -    nothing owns it; needs --force',
      '',
      'n1: 1 would move, 1 would go',
    ]);
    expect(drainLines({ node: 'n1', pods: [] }, { force: true, deleteEmptyDirData: true })).toEqual([
      'n1 runs nothing',
    ]);
  });
  it.each([
    [false, false, false],
    [true, false, false],
    [true, true, true],
  ])('with force %s and data %s succeeds: %s', (force, deleteEmptyDirData, want) => {
    expect(wouldSucceed(plan, { force, deleteEmptyDirData })).toBe(want);
  });
});

describe('a rebalance and a simulation in print', () => {
  const mover = { kind: 'ReplicaSet' as const, namespace: 'a', name: 'web', uid: 'u' };
  const side = { nodesUsed: 2, spread: 0.1, fullest: 0.5 };
  const moves = [{ pod: 'a/1', uid: 'x', mover, from: 'n1', to: 'n2', why: 'empties n1' }];
  const some: Rebalance = {
    goal: 'empty',
    moves,
    emptied: ['n1'],
    before: side,
    after: { ...side, nodesUsed: 1 },
    kept: [{ what: 'n3', why: 'a/9: nothing owns it' }],
  };
  it('lists moves with reasons', () => {
    expect(rebalanceLines(some)).toEqual([
      'POD   FROM   TO   WHY',
      'a/1   n1     n2   empties n1',
      '',
      '1 move: nodes used 2 -> 1, spread of load 10.0 -> 10.0 points, fullest node 50% -> 50%',
      'empty then: n1',
      '',
      'left as they are:',
      '  n3   a/9: nothing owns it',
    ]);
    expect(rebalanceLines({ ...some, goal: 'even', moves: [], emptied: [], kept: [] })).toEqual([
      'no move would even out the load',
    ]);
  });
  it('compares node by node', () => {
    const before = { nodes: 1, nodesUsed: 1, placed: 1, waiting: 1, cpu: 0.5, memory: 0, spread: 0, fullest: 0.5 };
    const load = { node: 'n1', pods: 1, cpu: 0.5, memory: 0 };
    const lines = simulationLines({
      before,
      after: { ...before, nodes: 2, placed: 2, waiting: 0 },
      nodes: [
        { node: 'n1', before: load, after: load },
        { node: 'new-1', after: { ...load, node: 'new-1' } },
      ],
      moves: [],
      waiting: [],
    });
    expect(lines).toContain('pods waiting       1            0');
    expect(lines).toContain('n1            1        50%        0%');
    expect(lines).toContain('new-1 (new)   - -> 1   - -> 50%   - -> 0%');
    expect(lines.at(-1)).toBe('nothing would move');
  });
});
