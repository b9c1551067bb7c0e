import type { Refusal } from './plugin.ts';

/** The API server's limit for a condition's message is far higher; this keeps events short whatever the cluster. */
const messageCharsMax = 1000;

/**
 * Why no node fits, as Kubernetes words it: `0/3 nodes are available: 2 Insufficient memory, 1 node(s) …`; what is said of
 * all nodes at once is not counted.
 */
export function unschedulableMessage(nodes: number, refused: Refusal | ReadonlyMap<Refusal, number>): string {
  const reasons =
    typeof refused === 'string' ? [refused] : [...refused].map(([refusal, count]) => `${count} ${refusal}`).sort();
  const head = nodes === 0 ? 'no nodes available to schedule pods' : `0/${nodes} nodes are available`;
  const body = reasons.length > 0 ? `${head}: ${reasons.join(', ')}.` : nodes === 0 ? head : `${head}.`;
  return shortened(body, messageCharsMax);
}

/** A reason with a note behind it; the reason is cut when both are too long. */
export function withNote(reason: string, note: string): string {
  return `${shortened(reason, messageCharsMax - note.length - 1)} ${note}`;
}

function shortened(text: string, charsMax: number): string {
  return text.length <= charsMax ? text : `${text.slice(0, charsMax - 3)}...`;
}
