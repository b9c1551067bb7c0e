import type { V1Pod, V1PodSpec, V1RuntimeClass, V1Scheduling, V1Toleration } from '../api/gen/types.ts';
import { sameValue } from '../api/validation/equality.ts';
import type { StatusError } from '../base/status.ts';
import type { StoreMirror } from '../cache/mirror.ts';
import { forbidden } from '../registry/errors.ts';
import type { AdmissionPlugin } from './chain.ts';

const pods = { group: '', plural: 'pods' };

/** Gives pods what their runtime class says: what it costs besides the containers, and where such pods may run. */
export function runtimeClasses(mirror: StoreMirror): AdmissionPlugin {
  const classes = mirror.collection('node.k8s.io', 'runtimeclasses');
  const find = (name: string) => classes.get(name)?.object as V1RuntimeClass | undefined;
  return {
    name: 'RuntimeClass',
    resources: ['/pods'],
    admit({ operation, object, subresource }) {
      if (operation !== 'create' || subresource !== undefined) return undefined;
      const pod = object as V1Pod;
      const name = pod.spec?.runtimeClassName;
      if (!name) return complete(pod, undefined);
      const known = find(name);
      if (known) return complete(pod, known);
      return mirror.current().then(() => {
        const found = find(name);
        if (!found) throw refused(pod, `pod rejected: RuntimeClass "${name}" not found`);
        complete(pod, found);
      });
    },
  };
}

function refused(pod: V1Pod, why: string): StatusError {
  return forbidden(pods, pod.metadata?.name ?? pod.metadata?.generateName ?? '', why);
}

function complete(pod: V1Pod, runtimeClass: V1RuntimeClass | undefined): undefined {
  if (!pod.spec) return;
  setOverhead(pod, pod.spec, runtimeClass?.overhead?.podFixed);
  if (runtimeClass?.scheduling) setScheduling(pod, pod.spec, runtimeClass.scheduling);
}

/** A pod may repeat the overhead of its class but not have one of its own. */
function setOverhead(pod: V1Pod, spec: V1PodSpec, fixed: Record<string, string> | undefined): void {
  const given = Object.keys(spec.overhead ?? {}).length > 0;
  if (given && !fixed) {
    throw refused(pod, 'pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead');
  }
  if (given && !sameValue(spec.overhead, fixed)) {
    throw refused(pod, "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead");
  }
  if (fixed) spec.overhead = { ...fixed };
}

function setScheduling(pod: V1Pod, spec: V1PodSpec, { nodeSelector, tolerations }: V1Scheduling): void {
  for (const [key, value] of Object.entries(nodeSelector ?? {})) {
    const own = spec.nodeSelector?.[key];
    if (own === undefined || own === value) continue;
    const [theirs, its] = [`runtimeClass.scheduling.nodeSelector[${key}]`, `pod.spec.nodeSelector[${key}]`];
    throw refused(pod, `conflict: ${theirs} = ${value}; ${its} = ${own}`);
  }
  if (nodeSelector) spec.nodeSelector = { ...spec.nodeSelector, ...nodeSelector };
  if (tolerations?.length) spec.tolerations = merged([...(spec.tolerations ?? []), ...tolerations]);
}

/** The tolerations without those that another one includes; of equal ones the first stays. */
function merged(all: readonly V1Toleration[]): V1Toleration[] {
  const kept: V1Toleration[] = [];
  all.forEach((one, i) => {
    const before = kept.some((other) => includes(other, one));
    const after = all.slice(i + 1).some((other) => !sameValue(one, other) && includes(other, one));
    if (!before && !after) kept.push(one);
  });
  return kept;
}

/** Whether everything that `one` tolerates is tolerated by `other` too, for as long. */
function includes(other: V1Toleration, one: V1Toleration): boolean {
  if (sameValue(other, one)) return true;
  const anyKey = !other.key && other.operator === 'Exists';
  if (one.key !== other.key && !anyKey) return false;
  if (other.effect && one.effect !== other.effect) return false;
  const [theirs, its] = [other.tolerationSeconds, one.tolerationSeconds];
  if (other.effect === 'NoExecute' && theirs !== undefined && (its === undefined || its > theirs)) return false;
  if (other.operator === 'Exists') return true;
  return (one.operator ?? 'Equal') !== 'Exists' && (one.value ?? '') === (other.value ?? '');
}
