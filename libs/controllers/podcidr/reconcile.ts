import type { V1Node } from '../../api/gen/types.ts';
import { nodes } from '../../api/kinds/node.ts';
import { nameOf } from '../../api/meta.ts';
import { Controller, type ControllerContext } from '../../reconcile/controller.ts';
import { BlockPool } from './compute.ts';

export interface PodCidrOptions {
  /** Such as 10.244.0.0/16. */
  clusterCidr: string;
  /** The length of a node's prefix, such as 24. */
  nodeMaskBits: number;
}

/** Gives each node its block of the pod network. Once all are taken nodes wait for one that is given back, and are told so once. */
export function newPodCidrController(context: ControllerContext, options: PodCidrOptions): Controller {
  const { client, informers } = context;
  const events = context.events.for('cidrAllocator');
  const cache = informers.of(nodes);
  const pool = new BlockPool(options.clusterCidr, options.nodeMaskBits);
  const waiting = new Set<string>();
  const controller = new Controller(context, {
    name: 'podcidr',
    caches: [cache],
    // One at a time: the pool is the only truth about blocks that are given but not yet seen in the cache.
    workers: 1,
    onSynced: () => cache.list().forEach(occupy),
    reconcile: async (key) => {
      const node = cache.get(key);
      if (node && !node.spec?.podCIDR) return give(node, key);
      waiting.delete(key);
      if (node) occupy(node);
      else pool.release(key);
      // Either may have made a block free, the first when the node shows another one than it was given.
      wakeNext();
      return {};
    },
  });
  const give = async (node: V1Node, key: string) => {
    const cidr = pool.allocate(key);
    if (!cidr) {
      wait(node, key);
      return {};
    }
    waiting.delete(key);
    const body = { metadata: { uid: node.metadata?.uid }, spec: { podCIDR: cidr, podCIDRs: [cidr] } };
    await client.patch(nodes, nameOf(node), { type: 'merge', body });
    return {};
  };
  const occupy = (node: V1Node) => {
    if (node.spec?.podCIDR) pool.occupy(node.spec.podCIDR, node.metadata?.name ?? '');
  };
  const wait = (node: V1Node, key: string) => {
    if (waiting.has(key)) return;
    waiting.add(key);
    const message = `No block of ${options.clusterCidr} is free for node ${key}`;
    events.record(nodes, node, { type: 'Warning', reason: 'CIDRNotAvailable', message });
  };
  const wakeNext = () => {
    for (const key of waiting) return controller.enqueue(key);
  };
  const enqueue = (node: V1Node) => controller.enqueue(node.metadata?.name ?? '');
  cache.addHandler({ added: enqueue, updated: enqueue, deleted: enqueue });
  return controller;
}
