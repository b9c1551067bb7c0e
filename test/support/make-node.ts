import type { V1Node, V1Taint } from '../../libs/api/gen/types.ts';

/** Builds a node step by step: `makeNode('n1').zone('a').taint('k', 'v', 'NoSchedule').build()`. 4 CPUs, 8 GiB, 10 pods. */
export class NodeBuilder {
  readonly #node: V1Node;

  constructor(name: string) {
    this.#node = {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name, labels: { 'kubernetes.io/hostname': name } },
      spec: {},
      status: { allocatable: { cpu: '4', memory: '8Gi', pods: '10' } },
    };
  }

  labels(labels: Record<string, string>): this {
    this.#node.metadata = { ...this.#node.metadata, labels: { ...this.#node.metadata?.labels, ...labels } };
    return this;
  }

  zone(zone: string): this {
    return this.labels({ 'topology.kubernetes.io/zone': zone });
  }

  /** Adds to, or replaces, what pods may use. */
  allocatable(amounts: Record<string, string>): this {
    this.#node.status = { ...this.#node.status, allocatable: { ...this.#node.status?.allocatable, ...amounts } };
    return this;
  }

  taint(key: string, value: string, effect: V1Taint['effect']): this {
    this.#node.spec = { ...this.#node.spec, taints: [...(this.#node.spec?.taints ?? []), { key, value, effect }] };
    return this;
  }

  cordoned(): this {
    this.#node.spec = { ...this.#node.spec, unschedulable: true };
    return this;
  }

  image(name: string, sizeBytes: number): this {
    const images = [...(this.#node.status?.images ?? []), { names: [name], sizeBytes }];
    this.#node.status = { ...this.#node.status, images };
    return this;
  }

  build(): V1Node {
    return structuredClone(this.#node);
  }
}

export const makeNode = (name: string): NodeBuilder => new NodeBuilder(name);
