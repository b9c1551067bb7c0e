import type { V1Lease, V1Node, V1Pod } from '../../api/gen/types.ts';
import { leases, nodeSessionLabel, serverLeaseName, serverLeaseNamespace } from '../../api/kinds/lease.ts';
import { nodes } from '../../api/kinds/node.ts';
import { pods } from '../../api/kinds/pod.ts';
import { rfc3339 } from '../../base/clock.ts';
import { isStatus } from '../../base/status.ts';
import { Controller, type ControllerContext, type ReconcileResult } from '../../reconcile/controller.ts';
import { isPodReady } from '../../reconcile/pods.ts';
import { unlessMissing } from '../../reconcile/retry.ts';
import { computeTaints, isReady, type Silence, signOf, silenceOf, unknownConditions } from './compute.ts';
import { lookEveryMs, Sight } from './sight.ts';
import { SignsOfLife } from './signs.ts';

const leaseNamespace = 'kube-node-lease';
const byHolder = 'holder';
const byReady = 'ready';
/** No node's name: the controller looks whether it sees. */
const lookKey = '*';
export const byNode = 'node';
export const nodeNameOf = (pod: V1Pod): string | undefined => pod.spec?.nodeName || undefined;

/** Marks nodes whose agent is silent, taints nodes by their conditions, and takes their pods out of service. */
export function newNodeLifecycleController(context: ControllerContext): Controller {
  const reconciler = new NodeLifecycleReconciler(context);
  const { nodeCache, leaseCache, podCache } = reconciler;
  const controller = new Controller(context, {
    name: 'node-lifecycle',
    caches: [nodeCache, leaseCache, podCache],
    reconcile: (key) => (key === lookKey ? reconciler.look() : reconciler.reconcile(key)),
    onSynced: () => controller.enqueue(lookKey),
  });
  const enqueue = (node: V1Node) => controller.enqueue(node.metadata?.name ?? '');
  // Whether the last node has failed, or the first is back, is to be told to all of them.
  const enqueueDisrupted = () => {
    if (reconciler.disruptionChanged()) for (const node of nodeCache.list()) enqueue(node);
  };
  const enqueueLease = (lease: V1Lease) => {
    if (lease.metadata?.namespace === leaseNamespace) controller.enqueue(lease.metadata.name ?? '');
    else if (isServerLease(lease)) {
      for (const held of leaseCache.byIndex(byHolder, lease.spec?.holderIdentity ?? '')) enqueueLease(held);
    }
  };
  nodeCache.addHandler({
    added: (node) => {
      enqueue(node);
      if (isReady(node) && reconciler.disrupted) enqueueDisrupted();
    },
    updated: (node, previous) => {
      enqueue(node);
      if (isReady(node) !== isReady(previous)) enqueueDisrupted();
    },
    deleted: (node) => {
      enqueue(node);
      if (isReady(node)) enqueueDisrupted();
    },
  });
  leaseCache.addHandler({
    added: enqueueLease,
    // A renewal is noted; only a change of the holder or of the kind is something to act on.
    updated: (lease, previous) => {
      reconciler.note(lease);
      const changed = !lease.spec?.holderIdentity !== !previous.spec?.holderIdentity;
      if (changed || isLabelled(lease) !== isLabelled(previous)) enqueueLease(lease);
    },
    deleted: enqueueLease,
  });
  return controller;
}

const isLabelled = (lease: V1Lease) => lease.metadata?.labels?.[nodeSessionLabel] !== undefined;
const isServerLease = ({ metadata }: V1Lease) =>
  metadata?.namespace === serverLeaseNamespace && !!metadata.name?.startsWith(serverLeaseName(''));
const nodeHolderOf = ({ metadata, spec }: V1Lease) =>
  metadata?.namespace === leaseNamespace && spec?.holderIdentity ? [spec.holderIdentity] : [];

class NodeLifecycleReconciler {
  readonly #context: ControllerContext;
  readonly #events;
  readonly #signs = new SignsOfLife();
  readonly #sight;
  /** Whether no node was ready when that was looked at last. */
  disrupted = true;
  readonly nodeCache;
  readonly leaseCache;
  readonly podCache;

  constructor(context: ControllerContext) {
    this.#context = context;
    this.#sight = new Sight(context.clock.monotonic());
    this.#events = context.events.for('node-controller');
    this.nodeCache = context.informers.of(nodes).addIndex(byReady, (node) => (isReady(node) ? ['yes'] : []));
    this.leaseCache = context.informers.of(leases).addIndex(byHolder, nodeHolderOf);
    this.podCache = context.informers.of(pods).addIndex(byNode, nodeNameOf);
  }

  note(lease: V1Lease): void {
    if (isServerLease(lease)) this.#sight.written(this.#context.clock.monotonic());
    const node = this.nodeCache.get(lease.metadata?.name ?? '');
    if (node && lease.metadata?.namespace === leaseNamespace) this.#silenceOf(node, lease);
  }

  /** Sees whether the API answers, where nodes depend on that. */
  async look(): Promise<ReconcileResult> {
    const { client, logger } = this.#context;
    if (!this.leaseCache.list(serverLeaseNamespace).some(isServerLease)) this.#sight.expectNoWrites();
    try {
      if (this.#signs.size > 0) await client.list(leases, { namespace: leaseNamespace, limit: 1 });
      this.#saw();
    } catch (error) {
      logger.debug('cannot see signs of life of nodes', { error });
    }
    return { requeueAfterMs: lookEveryMs };
  }

  /** An answer to whatever was asked shows that the controller sees: work on many nodes keeps it from looking for long. */
  #saw(): void {
    this.#sight.read(this.#context.clock.monotonic());
  }

  /** Whether the last node stopped being ready, or the first is again, since this was asked before. */
  disruptionChanged(): boolean {
    const before = this.disrupted;
    this.disrupted = this.nodeCache.byIndex(byReady, 'yes').length === 0;
    return this.disrupted !== before;
  }

  /** Sessions are released, not renewed. Servers did not always label their Leases; they hold them as long as they live. */
  #isSession(lease: V1Lease): boolean {
    const holder = lease.spec?.holderIdentity;
    if (isLabelled(lease)) return true;
    return !!holder && this.leaseCache.get(`${serverLeaseNamespace}/${serverLeaseName(holder)}`) !== undefined;
  }

  #silenceOf(node: V1Node, lease: V1Lease | undefined): Silence {
    const { clock } = this.#context;
    const { name = '' } = node.metadata ?? {};
    const nowMs = clock.monotonic();
    const session = lease !== undefined && this.#isSession(lease);
    const sign = session ? undefined : signOf(node, lease);
    if (sign === undefined) this.#signs.forget(name);
    const sinceMs = sign === undefined ? nowMs : this.#signs.seenMs(name, sign, nowMs);
    const quietMs = sign === undefined ? undefined : nowMs - Math.max(sinceMs, this.#sight.sinceMs(nowMs));
    return silenceOf(node, lease, { nowMs: clock.now(), session, ...(quietMs !== undefined && { quietMs }) });
  }

  /**
   * Pods of a kubelet's node are spared while no node at all is ready: that is more likely to be the way to the API
   * server than the death of all. Of a session the server that holds it knows better.
   */
  #mayEvict(node: V1Node): boolean {
    const { name = '' } = node.metadata ?? {};
    const lease = this.leaseCache.get(`${leaseNamespace}/${name}`);
    if (!isOutOfService(node) || (lease && this.#isSession(lease))) return true;
    return this.nodeCache.byIndex(byReady, 'yes').some(({ metadata }) => metadata?.name !== name);
  }

  async reconcile(name: string): Promise<ReconcileResult> {
    const { client, clock } = this.#context;
    let node = this.nodeCache.get(name);
    if (!node) this.#signs.forget(name);
    if (!node || node.metadata?.deletionTimestamp) return {};
    const cached = this.leaseCache.get(`${leaseNamespace}/${name}`);
    let silence = this.#silenceOf(node, cached);
    if (silence.silent) ({ node, silence } = await this.#markUnknown(node));
    const taints = computeTaints(node, clock.now(), this.#mayEvict(node));
    if (taints) node = await client.update(nodes, { ...node, spec: { ...node.spec, taints } });
    if (isOutOfService(node)) await this.#takePodsOut(node);
    return !silence.silent && silence.checkInMs !== undefined ? { requeueAfterMs: silence.checkInMs } : {};
  }

  /** The node as it is then, and what the server knew about its silence. */
  async #markUnknown(node: V1Node): Promise<{ node: V1Node; silence: Silence }> {
    const { client, clock } = this.#context;
    const { name = '' } = node.metadata ?? {};
    // The agent may be back and its Lease not in the cache yet: only the server's word counts before a node is given up.
    const lease = await unlessMissing(client.get(leases, { namespace: leaseNamespace, name }));
    this.#saw();
    const silence = this.#silenceOf(node, lease);
    if (!silence.silent) return { node, silence };
    const conditions = unknownConditions(node, silence, clock.now());
    if (!conditions) return { node, silence };
    const message = `Node ${name} status is now: NodeNotReady`;
    const marked = await client.update(
      nodes,
      { ...node, status: { ...node.status, conditions } },
      { subresource: 'status' },
    );
    this.#saw();
    this.#events.record(nodes, node, { type: 'Normal', reason: 'NodeNotReady', message });
    return { node: marked, silence };
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
      this.#saw();
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
