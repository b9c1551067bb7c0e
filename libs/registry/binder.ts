import type { V1Binding, V1Pod, V1PodCondition } from '../api/gen/types.ts';
import { type ObjectName, objectKey } from '../api/meta.ts';
import { type Clock, rfc3339 } from '../base/clock.ts';
import { storedValue } from '../cache/document.ts';
import { collectionPrefix } from '../cache/keys.ts';
import type { StoreMirror } from '../cache/mirror.ts';
import { type Guard, GuardFailedError, type Write } from '../store/store.ts';
import { badRequest, conflict, notFound } from './errors.ts';
import { topologyLabels } from './topology.ts';
import { type ObjectWriter, writeAttemptsMax } from './writer.ts';

/** One decision of where a pod runs. */
export interface PodBinding {
  readonly namespace: string;
  readonly name: string;
  /** Refused when the pod has another; not looked at when absent. */
  readonly uid?: string;
  readonly nodeName: string;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly labels?: Readonly<Record<string, string>>;
}

export interface BinderParts {
  readonly mirror: StoreMirror;
  readonly writer: ObjectWriter;
  readonly clock: Clock;
}

const pods = { group: '', plural: 'pods' };
const prefix = collectionPrefix('', 'pods');

/** Writes bindings, many in one transaction. Those that cannot be are answered with their errors; the rest stand. */
export class PodBinder {
  constructor(private readonly parts: BinderParts) {}

  async bindAll(bindings: readonly PodBinding[]): Promise<Array<Error | undefined>> {
    const errors: Array<Error | undefined> = bindings.map(() => undefined);
    let open = bindings.map((_, index) => index);
    await this.parts.mirror.current();
    for (let attempt = 1; open.length > 0 && attempt <= writeAttemptsMax; attempt++) {
      const guards: Guard[] = [];
      const writes: Write[] = [];
      open = open.filter((index) => {
        const planned = this.plan(bindings[index]!);
        if (planned instanceof Error) {
          errors[index] = planned;
          return false;
        }
        guards.push(planned.guard);
        writes.push(planned.write);
        return true;
      });
      if (open.length === 0) return errors;
      if (await this.commit(guards, writes)) return errors;
    }
    for (const index of open) errors[index] = conflict(pods, bindings[index]!.name, 'it changes too often to be bound');
    return errors;
  }

  /** False when a pod changed meanwhile; the mirror has caught up then. */
  private async commit(guards: Guard[], writes: Write[]): Promise<boolean> {
    try {
      await this.parts.writer.commit({ guards, writes });
      return true;
    } catch (error) {
      if (!(error instanceof GuardFailedError)) throw error;
      await this.parts.mirror.catchUp();
      return false;
    }
  }

  private plan(binding: PodBinding): { guard: Guard; write: Write } | Error {
    const at = objectKey(binding);
    const document = this.parts.mirror.collection('', 'pods').get(at);
    if (!document) return notFound(pods, binding.name);
    const pod = document.object as V1Pod;
    if (binding.uid && pod.metadata?.uid !== binding.uid) {
      return conflict(pods, binding.name, 'the pod has been replaced by one of the same name');
    }
    if (pod.metadata?.deletionTimestamp) {
      return conflict(pods, binding.name, `pod ${binding.name} is being deleted, cannot be assigned to a host`);
    }
    if (pod.spec?.nodeName) {
      return conflict(pods, binding.name, `pod ${binding.name} is already assigned to node "${pod.spec.nodeName}"`);
    }
    if (pod.spec?.schedulingGates?.length) {
      return conflict(pods, binding.name, `pod ${binding.name} has non-empty .spec.schedulingGates`);
    }
    const place = topologyLabels(this.parts.mirror, binding.nodeName);
    const placed = place ? { ...binding, labels: { ...binding.labels, ...place } } : binding;
    const bound = boundPod(pod, placed, rfc3339(this.parts.clock.now()));
    const key = prefix + at;
    return { guard: { key, revision: document.revision }, write: { key, value: storedValue(bound) } };
  }
}

function boundPod(pod: V1Pod, binding: PodBinding, now: string): V1Pod {
  const others = (pod.status?.conditions ?? []).filter((condition) => condition.type !== 'PodScheduled');
  const scheduled: V1PodCondition = {
    type: 'PodScheduled',
    status: 'True',
    lastTransitionTime: now,
    observedGeneration: pod.metadata?.generation,
  };
  const metadata = { ...pod.metadata };
  if (binding.annotations) metadata.annotations = { ...metadata.annotations, ...binding.annotations };
  if (binding.labels) metadata.labels = { ...metadata.labels, ...binding.labels };
  return {
    ...pod,
    metadata,
    spec: { ...pod.spec!, nodeName: binding.nodeName },
    status: { ...pod.status, conditions: [...others, scheduled] },
  };
}

/** One binding as the API takes it: the pod's name, and a Binding that names the node. @throws StatusError. */
export async function bindPod(
  binder: PodBinder,
  at: ObjectName,
  { binding, request }: { binding: V1Binding; request: { readonly dryRun: boolean } },
): Promise<void> {
  const nodeName = binding.target?.name;
  if (!nodeName) throw badRequest('target.name is required');
  if (request.dryRun) return;
  const { uid, annotations, labels } = binding.metadata ?? {};
  const [error] = await binder.bindAll([
    { namespace: at.namespace ?? '', name: at.name, uid, nodeName, annotations, labels },
  ]);
  if (error) throw error;
}
