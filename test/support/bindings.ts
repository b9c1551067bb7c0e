import { makeNode } from './make-node.ts';
import { makePod } from './make-pod.ts';
import type { ScratchRegistry } from './registry.ts';
import { asks, bodyOf } from './registry.ts';

/** That a pod of namespace `x` shall run on a node. */
export const wish = (name: string, nodeName: string, group?: string) => ({ namespace: 'x', name, nodeName, group });

export async function addNode({ service }: ScratchRegistry, name: string, cpu: string): Promise<void> {
  const node = makeNode(name).allocatable({ cpu, pods: '100' }).build();
  await service('nodes').create({}, bodyOf(node), asks());
}

export async function addPod({ service }: ScratchRegistry, name: string, cpu = '1'): Promise<void> {
  const { metadata, spec } = makePod(name).requests(cpu, '1Mi').build();
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: 'x', labels: metadata?.labels }, spec };
  await service('pods').create({ namespace: 'x' }, bodyOf(pod), asks());
}
