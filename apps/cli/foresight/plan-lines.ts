import type { ObjectPlan } from '../../../libs/scheduling/foresight/draft.ts';
import type { Plan } from '../../../libs/scheduling/foresight/plan.ts';
import { nodesOf } from '../../../libs/scheduling/foresight/warnings.ts';
import { align } from '../objects/table.ts';

const none = '-';

/** A plan as a table, one line an object, and below it what needs words. */
export function planLines({ objects, fits }: Plan): string[] {
  if (objects.length === 0) return ['none of these objects makes pods'];
  const rows = objects.map((each) => [
    each.object,
    each.change,
    String(each.placed.length),
    each.placed.length === 0 ? none : nodesOf(each.placed),
    String(waitingCount(each)),
    String(each.evicted.length),
  ]);
  const words = objects.flatMap(wordsOf);
  const table = align([['OBJECT', 'CHANGE', 'PODS', 'WHERE', 'WAIT', 'PREEMPT'], ...rows]);
  return [...table, ...(words.length > 0 ? ['', ...words] : []), '', verdict(objects, fits)];
}

const waitingCount = ({ waiting }: ObjectPlan) => waiting.reduce((sum, { pods }) => sum + pods.length, 0);

function wordsOf({ object, waiting, evicted, leaving, notes }: ObjectPlan): string[] {
  const lines: string[] = [];
  const gone = leaving.filter(({ node }) => node !== '');
  if (gone.length > 0) lines.push(`${gone.length} of its pods would go: ${nodesOf(gone)}`);
  for (const { pod, priority, from, to, message } of evicted) {
    const then = to !== undefined ? `its replacement would run on ${to}` : (message ?? 'nothing would replace it');
    lines.push(`preempts ${pod} (priority ${priority}) on ${from}: ${then}`);
  }
  for (const { pods, message, remedy } of waiting) {
    lines.push(`waiting: ${shortList(pods)}: ${message}`);
    if (remedy !== undefined) lines.push(`  ${remedy}`);
  }
  lines.push(...notes);
  return lines.length === 0 ? [] : [object, ...lines.map((line) => `  ${line}`)];
}

const namedMax = 3;

function shortList(names: readonly string[]): string {
  const rest = names.length - namedMax;
  return rest > 0 ? `${names.slice(0, namedMax).join(', ')} and ${rest} more` : names.join(', ');
}

function verdict(objects: readonly ObjectPlan[], fits: boolean): string {
  const pods = objects.reduce((sum, { placed }) => sum + placed.length, 0);
  if (fits) return `everything fits: ${pods} new pod${pods === 1 ? '' : 's'}`;
  const waits = objects.reduce((sum, each) => sum + waitingCount(each), 0);
  const refused = objects.filter(({ change }) => change === 'refused').length;
  const parts = [
    ...(waits > 0 ? [`${waits} pod${waits === 1 ? '' : 's'} would wait`] : []),
    ...(refused > 0 ? [`${refused} object${refused === 1 ? '' : 's'} would be refused`] : []),
  ];
  return `not everything fits: ${parts.join(', ')}`;
}
