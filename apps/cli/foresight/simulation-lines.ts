import { percent } from '../../../libs/scheduling/foresight/load.ts';
import type { Plan } from '../../../libs/scheduling/foresight/plan.ts';
import type { NodeChange, Side, Simulation } from '../../../libs/scheduling/foresight/simulate.ts';
import { align } from '../objects/table.ts';
import { planLines } from './plan-lines.ts';

/** Rows of nodes and of moves that are printed; `-o json` has all. */
const rowsMax = 40;

export interface SimulationAnswer extends Simulation {
  plan?: Plan;
}

/** Two clusters side by side, then node by node, then what moves. */
export function simulationLines({ before, after, nodes, moves, waiting, plan }: SimulationAnswer): string[] {
  const row = (name: string, show: (side: Side) => string) => [name, show(before), show(after)];
  const points = ({ spread }: Side) => `${(spread * 100).toFixed(1)} points`;
  const sides = align([
    ['', 'NOW', 'THEN'],
    row('pods placed', ({ placed }) => String(placed)),
    row('pods waiting', (side) => String(side.waiting)),
    row('nodes', (side) => String(side.nodes)),
    row('nodes used', ({ nodesUsed }) => String(nodesUsed)),
    row('CPU asked for', ({ cpu }) => percent(cpu)),
    row('memory asked for', ({ memory }) => percent(memory)),
    row('fullest node', ({ fullest }) => percent(fullest)),
    row('spread of load', points),
  ]);
  const lines = [...sides, '', ...align([['NODE', 'PODS', 'CPU', 'MEMORY'], ...limited(nodes.map(nodeRow))])];
  lines.push(
    '',
    moves.length === 0
      ? 'nothing would move'
      : `${moves.length} pod${moves.length === 1 ? '' : 's'} would be elsewhere:`,
  );
  if (moves.length > 0)
    lines.push(...align(limited(moves.map(({ pod, from, to }) => [`  ${pod}`, `${from} -> ${to}`]))));
  for (const { pods, message, remedy } of waiting) {
    lines.push('', `waiting: ${pods.length}, such as ${pods[0]}: ${message}`);
    if (remedy !== undefined) lines.push(`  ${remedy}`);
  }
  return plan === undefined ? lines : [...lines, '', 'then applied:', ...planLines(plan)];
}

function nodeRow({ node, before, after }: NodeChange): string[] {
  const change = before === undefined ? ' (new)' : after === undefined ? ' (removed)' : '';
  const both = (show: (load: NonNullable<typeof before>) => string) => {
    const [now, then] = [before, after].map((load) => (load === undefined ? '-' : show(load)));
    return now === then ? now! : `${now} -> ${then}`;
  };
  return [
    node + change,
    both(({ pods }) => String(pods)),
    both(({ cpu }) => percent(cpu)),
    both((load) => percent(load.memory)),
  ];
}

function limited(rows: string[][]): string[][] {
  const rest = rows.length - rowsMax;
  return rest > 0 ? [...rows.slice(0, rowsMax), [`  and ${rest} more`]] : rows;
}
