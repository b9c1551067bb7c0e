import type { V1Lease, V1Node, V1Pod } from '../../api/gen/types.ts';
import { leases } from '../../api/kinds/lease.ts';
import { nodes } from '../../api/kinds/node.ts';
import { pods } from '../../api/kinds/pod.ts';
import { rfc3339 } from '../../base/clock.ts';
import { isStatus } from '../../base/status.ts';
import { Controller, type ControllerContext, type ReconcileResult } from '../../reconcile/controller.ts';
import { isPodReady } from '../../reconcile/pods.ts';
import { unlessMissing } from '../../reconcile/retry.ts';
import { computeTaints, type Silence, silenceOf, unknownConditions } from './compute.ts';
import { SignsOfLife } from './signs.ts';

const leaseNamespace = 'kube-node-lease';
export const byNode = 'node';
export const nodeNameOf = (pod: V1Pod): string[] => (pod.spec?.nodeName ? [pod.spec.nodeName] : []);

/** Marks nodes whose agent is silent, taints nodes by their conditions, and takes their pods out of service. */
export function newNodeLifecycleController(context: ControllerContext): Controller {
  const reconciler = new NodeLifecycleReconciler(context);
  const { nodeCache, leaseCache, podCache } = reconciler;
  const controller = new Controller(context, {
    name: 'node-lifecycle',
    caches: [nodeCache, leaseCache, podCache],
    reconcile: (key) => reconciler.reconcile(key),
  });
  const enqueue = (node: V1Node) => controller.enqueue(node.metadata?.name ?? '');
  const enqueueLease = (lease: V1Lease) => {
    if (lease.metadata?.namespace === leaseNamespace) controller.enqueue(lease.metadata.name ?? '');
  };
  nodeCache.addHandler({ added: enqueue, updated: enqueue });
  leaseCache.addHandler({
    added: enqueueLease,
    // A renewal is noted; only a change of the holder is something to act on.
    updated: (lease, previous) => {
      reconciler.note(lease);
      if (!lease.spec?.holderIdentity !== !previous.spec?.holderIdentity) enqueueLease(lease);
    },
    deleted: enqueueLease,
  });
  return controller;
}

class NodeLifecycleReconciler {
  readonly #context: ControllerContext;
  readonly #events;
  readonly #signs = new SignsOfLife();
  readonly nodeCache;
  readonly leaseCache;
  readonly podCache;

  constructor(context: ControllerContext) {
    this.#context = context;
    this.#events = context.events.for('node-controller');
    this.nodeCache = context.informers.of(nodes);
    this.leaseCache = context.informers.of(leases);
    this.podCache = context.informers.of(pods).addIndex(byNode, nodeNameOf);
  }

  note(lease: V1Lease): void {
    const node = this.nodeCache.get(lease.metadata?.name ?? '');
    if (node && lease.metadata?.namespace === leaseNamespace) this.#silenceOf(node, lease);
  }

  #silenceOf(node: V1Node, lease: V1Lease | undefined): Silence {
    const nowMs = this.#context.clock.now();
    return silenceOf(node, lease, { nowMs, signSeenMs: this.#signs.seenMs(node, lease, nowMs) });
  }

  async reconcile(name: string): Promise<ReconcileResult> {
    const { client, clock } = this.#context;
    let node = this.nodeCache.get(name);
    if (!node) this.#signs.forget(name);
    if (!node || node.metadata?.deletionTimestamp) return {};
    const cached = this.leaseCache.get(`${leaseNamespace}/${name}`);
    const silence = this.#silenceOf(node, cached);
    if (silence.silent) node = await this.#markUnknown(node);
    const taints = computeTaints(node, clock.now());
    if (taints) node = await client.update(nodes, { ...node, spec: { ...node.spec, taints } });
    if (isOutOfService(node)) await this.#takePodsOut(node);
    return !silence.silent && silence.checkInMs !== undefined ? { requeueAfterMs: silence.checkInMs } : {};
  }

  async #markUnknown(node: V1Node): Promise<V1Node> {
    const { client, clock } = this.#context;
    const { name = '' } = node.metadata ?? {};
    // The agent may be back and its Lease not in the cache yet: only the server's word counts before a node is given up.
    const lease = await unlessMissing(client.get(leases, { namespace: leaseNamespace, name }));
    const silence = this.#silenceOf(node, lease);
    if (!silence.silent) return node;
    const conditions = unknownConditions(node, silence, clock.now());
    if (!conditions) return node;
    const message = `Node ${name} status is now: NodeNotReady`;
    const marked = await client.update(
      nodes,
      { ...node, status: { ...node.status, conditions } },
      { subresource: 'status' },
    );
    this.#events.record(nodes, node, { type: 'Normal', reason: 'NodeNotReady', message });
    return marked;
  }

  /** Pods of a node that is not ready get no traffic; they stay until their tolerations end. */
  async #takePodsOut(node: V1Node): Promise<void> {
    for (const pod of this.podCache.byIndex(byNode, node.metadata?.name ?? '')) {
      if (!isPodReady(pod)) continue;
      const conditions = (pod.status?.conditions ?? []).map((condition) =>
        condition.type === 'Ready'
          ? { ...condition, status: 'False', lastTransitionTime: rfc3339(this.#context.clock.now()) }
          : condition,
      );
      try {
        await this.#context.client.update(
          pods,
          { ...pod, status: { ...pod.status, conditions } },
          { subresource: 'status' },
        );
      } catch (error) {
        if (!isStatus(error, 'NotFound')) throw error;
        continue;
      }
      const message = 'Node is not ready';
      this.#events.record(pods, pod, { type: 'Warning', reason: 'NodeNotReady', message });
    }
  }
}

/** Whether the node is known not to be ready. */
function isOutOfService(node: V1Node): boolean {
  const ready = node.status?.conditions?.find((condition) => condition.type === 'Ready')?.status;
  return ready === 'False' || ready === 'Unknown';
}
