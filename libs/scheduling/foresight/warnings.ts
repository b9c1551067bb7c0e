import type { Displacement, Landing, ObjectPlan, WaitingPods } from './draft.ts';

/** Warnings travel as headers, of which many clients take 8 KiB all in all: few, and short. */
const warningsMax = 10;
const warningCharsMax = 240;
/** Nodes that one warning names; the rest are counted. */
const namedNodesMax = 8;
const namedVictimsMax = 4;

/**
 * What a plan says, as texts for Warning headers. Pods in other namespaces are named only where `sees` allows it.
 * Nothing is said of an object that would not change any pod.
 */
export function planWarnings(plan: ObjectPlan, sees: (namespace: string) => boolean = () => true): string[] {
  const lines = [...changeLines(plan), ...evictionLines(plan, sees), ...plan.waiting.map(waitingLine), ...plan.notes];
  const kept = lines.length <= warningsMax ? lines : lines.slice(0, warningsMax - 1);
  if (kept.length < lines.length) kept.push(`and ${lines.length - kept.length} more findings; "berth plan" shows all`);
  return kept.map((line) => short(ascii(line)));
}

function changeLines({ change, placed, leaving }: ObjectPlan): string[] {
  if (change === 'keeps' || change === 'refused') return [];
  const lines: string[] = [];
  const what = change === 'rolls' ? 'new pod' : change === 'grows' ? 'more pod' : 'pod';
  if (placed.length > 0) lines.push(`${many(placed.length, what)} would run: ${nodesOf(placed)}`);
  const running = leaving.filter(({ node }) => node !== '');
  if (running.length > 0) {
    const old = change === 'rolls' ? 'old pod' : 'pod';
    lines.push(`${many(running.length, old)} would go: ${nodesOf(running)}`);
  }
  return lines;
}

function evictionLines({ evicted, namespace }: ObjectPlan, sees: (namespace: string) => boolean): string[] {
  const mayName = ({ pod }: Displacement) => pod.startsWith(`${namespace}/`) || sees(pod.slice(0, pod.indexOf('/')));
  const named = evicted.filter(mayName).slice(0, namedVictimsMax);
  const lines = named.map(({ pod, priority, from, to, message }) => {
    const then =
      to !== undefined
        ? `; its replacement would run on ${to}`
        : message !== undefined
          ? '; its replacement would wait'
          : '; nothing would replace it';
    return `pod ${pod} (priority ${priority}) on ${from} would be preempted${then}`;
  });
  const others = evicted.length - named.length;
  if (others > 0) lines.push(`${many(others, named.length > 0 ? 'more pod' : 'pod')} would be preempted`);
  return lines;
}

function waitingLine({ pods, message, remedy }: WaitingPods): string {
  return `${many(pods.length, 'pod')} would wait: ${message}${remedy === undefined ? '' : ` ${remedy}`}`;
}

/** `2 on node-1, 1 on node-2`, the fullest first. */
export function nodesOf(landings: readonly Landing[]): string {
  const counts = new Map<string, number>();
  for (const { node } of landings) counts.set(node, (counts.get(node) ?? 0) + 1);
  const all = [...counts].sort(([one, few], [other, more]) => more - few || (one < other ? -1 : 1));
  const named = all.slice(0, namedNodesMax).map(([node, count]) => `${count} on ${node}`);
  if (all.length > named.length) {
    const rest = all.slice(namedNodesMax).reduce((sum, [, count]) => sum + count, 0);
    named.push(`${rest} on ${all.length - named.length} other nodes`);
  }
  return named.join(', ');
}

const many = (count: number, noun: string) => `${count} ${noun}${count === 1 ? '' : 's'}`;
const ascii = (text: string) => text.replace(/[^\x20-\x7e]+/g, ' ');
const short = (text: string) => (text.length <= warningCharsMax ? text : `${text.slice(0, warningCharsMax - 3)}...`);
