import type { V1Node, V1Pod } from '../../api/gen/types.ts';
import { nodes } from '../../api/kinds/node.ts';
import { pods } from '../../api/kinds/pod.ts';
import { nameOf, objectKey } from '../../api/meta.ts';
import { rfc3339 } from '../../base/clock.ts';
import { isStatus } from '../../base/status.ts';
import { Controller, type ControllerContext, type ReconcileResult } from '../../reconcile/controller.ts';
import { evictionTime } from './compute.ts';

const byNode = 'node';

/** Deletes pods from nodes with NoExecute taints when their tolerations end. */
export function newTaintEvictionController(context: ControllerContext): Controller {
  const { informers } = context;
  const nodeCache = informers.of(nodes);
  const podCache = informers.of(pods).addIndex(byNode, (pod) => pod.spec?.nodeName || undefined);
  const events = context.events.for('taint-eviction-controller');

  const reconcile = async (key: string): Promise<ReconcileResult> => {
    const pod = podCache.get(key);
    if (!pod || pod.metadata?.deletionTimestamp) return {};
    const node = nodeCache.get(pod.spec?.nodeName ?? '');
    const nowMs = context.clock.now();
    const at = evictionTime(pod, node?.spec?.taints ?? [], nowMs);
    if (at === undefined) return {};
    if (at > nowMs) return { requeueAfterMs: at - nowMs };
    const message = `Marking for deletion Pod ${key}`;
    events.record(pods, pod, { type: 'Normal', reason: 'TaintManagerEviction', message });
    await evict(context, pod);
    return {};
  };

  const controller = new Controller(context, { name: 'taint-eviction', caches: [nodeCache, podCache], reconcile });
  const enqueue = (pod: V1Pod) => controller.enqueue(objectKey(nameOf(pod)));
  /** The nodes that drive pods away: on all others, which are most and often all, there is nothing to decide. */
  const tainted = new Set<string>();
  const isOnTainted = ({ spec }: V1Pod) => tainted.size > 0 && tainted.has(spec?.nodeName ?? '');
  const look = (node: V1Node) => {
    const name = node.metadata?.name ?? '';
    if (!drivesAway(node)) {
      tainted.delete(name);
      return;
    }
    tainted.add(name);
    podCache.byIndex(byNode, name).forEach(enqueue);
  };
  podCache.addHandler({
    added: (pod) => {
      if (isOnTainted(pod)) enqueue(pod);
    },
    updated: (pod, previous) => {
      if (!isOnTainted(pod)) return;
      const moved = pod.spec?.nodeName !== previous.spec?.nodeName;
      const changed = JSON.stringify(pod.spec?.tolerations) !== JSON.stringify(previous.spec?.tolerations);
      if (moved || changed) enqueue(pod);
    },
  });
  nodeCache.addHandler({
    added: look,
    updated: (node, previous) => {
      if (JSON.stringify(node.spec?.taints) !== JSON.stringify(previous.spec?.taints)) look(node);
    },
    deleted: ({ metadata }) => tainted.delete(metadata?.name ?? ''),
  });
  return controller;
}

function drivesAway(node: V1Node): boolean {
  return node.spec?.taints?.some(({ effect }) => effect === 'NoExecute') ?? false;
}

/** Says on the pod why it goes, then deletes it. */
async function evict({ client, clock }: ControllerContext, pod: V1Pod): Promise<void> {
  const disruption = {
    type: 'DisruptionTarget',
    status: 'True',
    reason: 'DeletionByTaintManager',
    message: 'Taint manager: deleting due to NoExecute taint',
    lastTransitionTime: rfc3339(clock.now()),
  };
  const conditions = (pod.status?.conditions ?? []).filter(({ type }) => type !== disruption.type);
  const status = { ...pod.status, conditions: [...conditions, disruption] };
  try {
    await client.update(pods, { ...pod, status }, { subresource: 'status' });
    await client.delete(pods, nameOf(pod), { preconditions: { uid: pod.metadata?.uid ?? '' } });
  } catch (error) {
    if (!isStatus(error, 'NotFound')) throw error;
  }
}
