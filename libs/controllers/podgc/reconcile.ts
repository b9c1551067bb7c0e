import type { V1Node, V1Pod } from '../../api/gen/types.ts';
import { nodes } from '../../api/kinds/node.ts';
import { pods } from '../../api/kinds/pod.ts';
import { nameOf } from '../../api/meta.ts';
import { isStatus } from '../../base/status.ts';
import { Controller, type ControllerContext, type ReconcileResult } from '../../reconcile/controller.ts';
import { isPodTerminal } from '../../reconcile/pods.ts';
import { unlessMissing } from '../../reconcile/retry.ts';

/** Ended pods that are kept for people to look at. */
export const endedPodsMax = 12_500;
/** A node must have been gone for this long before its pods go. */
export const goneNodeQuarantineMs = 5_000;

const outOfServiceTaint = 'node.kubernetes.io/out-of-service';
const byNode = 'node';
const endedKey = '#ended';

export interface PodGcOptions {
  endedPodsMax?: number;
}

/** Removes pods that nobody else will: of nodes that are gone, deleted before they had a node, ended long ago. */
export function newPodGcController(context: ControllerContext, options: PodGcOptions = {}): Controller {
  const { client, clock, informers } = context;
  const nodeCache = informers.of(nodes);
  const podCache = informers
    .of(pods)
    .addIndex(byNode, (pod) => pod.spec?.nodeName || undefined)
    .addIndex('ended', (pod) => (isPodTerminal(pod) ? 'yes' : undefined));
  const missingSince = new Map<string, number>();

  const removeAll = async (condemned: readonly V1Pod[]): Promise<void> => {
    for (const pod of condemned) {
      const preconditions = { uid: pod.metadata?.uid ?? '' };
      try {
        await client.delete(pods, nameOf(pod), { gracePeriodSeconds: 0, preconditions });
      } catch (error) {
        if (!isStatus(error, 'NotFound', 'Conflict')) throw error;
      }
    }
  };

  const removeEnded = async (): Promise<ReconcileResult> => {
    const ended = podCache.byIndex('ended', 'yes').filter((pod) => !pod.metadata?.deletionTimestamp);
    const surplus = ended.length - (options.endedPodsMax ?? endedPodsMax);
    if (surplus > 0) await removeAll(ended.sort(oldestFirst).slice(0, surplus));
    return {};
  };

  /** The key is a node's name: '' for pods without one. */
  const reconcile = async (key: string): Promise<ReconcileResult> => {
    if (key === endedKey) return removeEnded();
    const node = nodeCache.get(key);
    if (node) {
      missingSince.delete(key);
      const taints = node.spec?.taints ?? [];
      if (taints.some((taint) => taint.key === outOfServiceTaint)) {
        await removeAll(podCache.byIndex(byNode, key).filter((pod) => pod.metadata?.deletionTimestamp));
      }
      return {};
    }
    const here = podCache.byIndex(byNode, key);
    if (here.length === 0) return {};
    const since = missingSince.get(key) ?? clock.monotonic();
    missingSince.set(key, since);
    const leftMs = goneNodeQuarantineMs - (clock.monotonic() - since);
    if (leftMs > 0) return { requeueAfterMs: leftMs };
    if (await unlessMissing(client.get(nodes, { name: key }))) return { requeueAfterMs: goneNodeQuarantineMs };
    await removeAll(here);
    return {};
  };

  const controller = new Controller(context, { name: 'podgc', caches: [nodeCache, podCache], workers: 1, reconcile });
  const consider = (pod: V1Pod) => {
    if (isPodTerminal(pod)) controller.enqueue(endedKey);
    if (pod.spec?.nodeName && !nodeCache.get(pod.spec.nodeName)) controller.enqueue(pod.spec.nodeName);
  };
  const enqueueNode = (node: V1Node) => controller.enqueue(node.metadata?.name ?? '');
  podCache.addHandler({ added: consider, updated: consider });
  nodeCache.addHandler({ added: enqueueNode, updated: enqueueNode, deleted: enqueueNode });
  return controller;
}

function oldestFirst(one: V1Pod, other: V1Pod): number {
  return (one.metadata?.creationTimestamp ?? '') < (other.metadata?.creationTimestamp ?? '') ? -1 : 1;
}
