import type { V1Pod, V1PodCondition } from '../api/gen/types.ts';
import { type Document, storedValue } from '../cache/document.ts';
import { endOfObject } from '../cache/ownership-text.ts';

/** What a binding makes of a pod. */
export interface Placement {
  readonly nodeName: string;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly labels?: Readonly<Record<string, string>>;
}

const specOpening = ',"spec":{';
const statusOpening = ',"status":{';
const labelsOpening = '"labels":{';
const closeBrace = 125;

/**
 * The stored value of a pod that has just been given its node. A pod that was never looked at before is the usual case,
 * and of its bytes nearly all stay: they are kept, and what is new is put between them. `now` is RFC 3339.
 */
export function boundValue(document: Document, placement: Placement, now: string): Buffer {
  return splicedValue(document, placement, now) ?? storedValue(boundPod(document.object as V1Pod, placement, now));
}

/** The pod with its node and the condition that says so. */
export function boundPod(pod: V1Pod, { nodeName, annotations, labels }: Placement, now: string): V1Pod {
  const others = (pod.status?.conditions ?? []).filter((condition) => condition.type !== 'PodScheduled');
  const metadata = { ...pod.metadata };
  if (annotations) metadata.annotations = { ...metadata.annotations, ...annotations };
  if (labels) metadata.labels = { ...metadata.labels, ...labels };
  return {
    ...pod,
    metadata,
    spec: { ...pod.spec!, nodeName },
    status: { ...pod.status, conditions: [...others, scheduled(pod, now)] },
  };
}

function scheduled({ metadata }: V1Pod, now: string): V1PodCondition {
  const { generation } = metadata ?? {};
  return { type: 'PodScheduled', status: 'True', lastTransitionTime: now, observedGeneration: generation };
}

/** The same as text; undefined where something would have to be replaced, or the bytes are not those of a usual pod. */
function splicedValue(document: Document, placement: Placement, now: string): Buffer | undefined {
  const { stored } = document;
  const pod = document.object as V1Pod;
  if (stored === undefined || placement.annotations !== undefined || pod.status?.conditions) return undefined;
  const labels = newLabels(pod, placement.labels);
  if (labels === undefined) return undefined;
  const { text, metadataAt } = stored;
  const metadataEnd = endOfObject(text, metadataAt, 1);
  const specAt = metadataEnd + specOpening.length;
  // Where a member of this name lies deeper, more braces are to be closed behind it.
  const statusAt = text.lastIndexOf(statusOpening) + statusOpening.length;
  const isUsual =
    text.startsWith(specOpening, metadataEnd) &&
    statusAt > specAt &&
    endOfObject(text, statusAt, 1) === text.length - 1 &&
    text.charCodeAt(specAt) !== closeBrace &&
    text.charCodeAt(statusAt) !== closeBrace;
  if (!isUsual) return undefined;
  const metadata = withLabels(text.slice(0, metadataEnd), metadataAt, labels);
  const spec = `${specOpening}"nodeName":${letters(placement.nodeName)},${text.slice(specAt, statusAt)}`;
  const status = `"conditions":[${JSON.stringify(scheduled(pod, now))}],${text.slice(statusAt)}`;
  return Buffer.from(metadata + spec + status, 'latin1');
}

/** The members to add to the pod's labels, as text; undefined when one of them is there already. */
function newLabels({ metadata }: V1Pod, labels: Placement['labels']): string | undefined {
  if (labels === undefined) return '';
  for (const key in labels) if (metadata?.labels?.[key] !== undefined) return undefined;
  return letters(labels).slice(1, -1);
}

/** `head` ends behind metadata; its own members begin at `metadataAt`. Quotes within texts are escaped, so labels are found. */
function withLabels(head: string, metadataAt: number, labels: string): string {
  if (labels === '') return head;
  const found = head.indexOf(labelsOpening, metadataAt);
  if (found < 0) return `${head.slice(0, -1)},"labels":{${labels}}}`;
  const at = found + labelsOpening.length;
  return `${head.slice(0, at)}${labels}${head.charCodeAt(at) === closeBrace ? '' : ','}${head.slice(at)}`;
}

/** JSON with one letter for each byte, as documents have it. */
function letters(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('latin1');
}
