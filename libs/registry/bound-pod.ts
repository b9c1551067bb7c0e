import type { V1Pod } from '../api/gen/types.ts';
import { scheduledCondition } from '../api/kinds/pod/scheduled-condition.ts';
import { type Document, unversioned } from '../cache/document.ts';
import { endOfObject } from '../cache/ownership-text.ts';
import { type ValueParts, writtenValue } from '../cache/stored-texts.ts';
import { storedValue } from '../cache/stored-value.ts';

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
  const pod = document.object as V1Pod;
  const spliced = splicedValue(document, placement, now);
  if (spliced === undefined) return storedValue(boundPod(pod, placement, now));
  // Whoever follows pods in this process reads it next.
  const object = boundPod(unversioned(pod) as V1Pod, placement, now);
  return writtenValue(spliced, { object, isParsed: true });
}

/** The pod with its node and the condition that says so; where it was nominated to no longer matters. */
export function boundPod(pod: V1Pod, { nodeName, annotations, labels }: Placement, now: string): V1Pod {
  const others = (pod.status?.conditions ?? []).filter((condition) => condition.type !== 'PodScheduled');
  const metadata = { ...pod.metadata };
  if (annotations) metadata.annotations = { ...metadata.annotations, ...annotations };
  if (labels) metadata.labels = { ...metadata.labels, ...labels };
  const { nominatedNodeName: _, ...status } = pod.status ?? {};
  return {
    ...pod,
    metadata,
    spec: { ...pod.spec!, nodeName },
    status: { ...status, conditions: [...others, scheduledCondition('True', now)] },
  };
}

/** The same as text; undefined where something would have to be replaced, or it is not that of a usual pod in ASCII. */
function splicedValue(document: Document, placement: Placement, now: string): ValueParts | undefined {
  const { asciiValue } = document;
  const pod = document.object as V1Pod;
  const { conditions, nominatedNodeName } = pod.status ?? {};
  const wasLookedAt = conditions !== undefined || nominatedNodeName !== undefined;
  if (asciiValue === undefined || placement.annotations !== undefined || wasLookedAt) return undefined;
  const labels = newLabels(pod, placement.labels);
  if (labels === undefined) return undefined;
  const { head, owned, rest } = asciiValue;
  const metadataEnd = endOfObject(rest, 0, 1);
  const specAt = metadataEnd + specOpening.length;
  // Where a member of this name lies deeper, more braces are to be closed behind it.
  const statusAt = rest.lastIndexOf(statusOpening) + statusOpening.length;
  const isUsual =
    rest.startsWith(specOpening, metadataEnd) &&
    statusAt > specAt &&
    endOfObject(rest, statusAt, 1) === rest.length - 1 &&
    rest.charCodeAt(specAt) !== closeBrace &&
    rest.charCodeAt(statusAt) !== closeBrace;
  if (!isUsual) return undefined;
  const metadata = withLabels(rest.slice(0, metadataEnd), labels);
  const spec = `${specOpening}"nodeName":${JSON.stringify(placement.nodeName)},${rest.slice(specAt, statusAt)}`;
  const status = `"conditions":[${JSON.stringify(scheduledCondition('True', now))}],${rest.slice(statusAt)}`;
  return { head, owned, rest: metadata + spec + status };
}

/** The members to add to the pod's labels, as text; undefined when one of them is there already. */
function newLabels({ metadata }: V1Pod, labels: Placement['labels']): string | undefined {
  if (labels === undefined) return '';
  for (const key in labels) if (metadata?.labels?.[key] !== undefined) return undefined;
  return JSON.stringify(labels).slice(1, -1);
}

/** Quotes within texts are escaped, so that what looks like the opening of the labels is one. */
function withLabels(metadata: string, labels: string): string {
  if (labels === '') return metadata;
  const found = metadata.indexOf(labelsOpening);
  if (found < 0) return `${metadata.slice(0, -1)},"labels":{${labels}}}`;
  const at = found + labelsOpening.length;
  return `${metadata.slice(0, at)}${labels}${metadata.charCodeAt(at) === closeBrace ? '' : ','}${metadata.slice(at)}`;
}
