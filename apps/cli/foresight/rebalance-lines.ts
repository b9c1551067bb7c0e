import { percent } from '../../../libs/scheduling/foresight/load.ts';
import type { Move, Rebalance } from '../../../libs/scheduling/foresight/rebalance.ts';
import { align } from '../objects/table.ts';

const keptMax = 20;

/** Moves with their reasons, what they lead to, and what stays as it is. */
export function rebalanceLines({ goal, moves, emptied, before, after, kept }: Rebalance): string[] {
  const lines: string[] = [];
  if (moves.length > 0) lines.push(...align([['POD', 'FROM', 'TO', 'WHY'], ...moves.map(moveRow)]), '');
  if (moves.length === 0) lines.push(goal === 'empty' ? 'no node can be emptied' : 'no move would even out the load');
  else {
    const spread = (share: number) => (share * 100).toFixed(1);
    lines.push(
      `${moves.length} move${moves.length === 1 ? '' : 's'}: nodes used ${before.nodesUsed} -> ${after.nodesUsed}, ` +
        `spread of load ${spread(before.spread)} -> ${spread(after.spread)} points, ` +
        `fullest node ${percent(before.fullest)} -> ${percent(after.fullest)}`,
    );
  }
  if (emptied.length > 0) lines.push(`empty then: ${emptied.join(', ')}`);
  if (kept.length > 0)
    lines.push('', 'left as they are:', ...align(kept.slice(0, keptMax).map(({ what, why }) => [`  ${what}`, why])));
  if (kept.length > keptMax) lines.push(`  and ${kept.length - keptMax} more`);
  return lines;
}

const moveRow = ({ pod, from, to, why }: Move): string[] => [pod, from, to, why];
