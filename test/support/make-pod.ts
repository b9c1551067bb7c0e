import type { V1Container, V1OwnerReference, V1Pod } from '../../libs/api/gen/types.ts';

/** Builds a pod step by step: `makePod('web').labels({ app: 'web' }).ready().on('n1').build()`. */
export class PodBuilder {
  readonly #pod: V1Pod;
  readonly #container: V1Container = { name: 'main', image: 'busybox' };

  constructor(name: string) {
    this.#pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace: 'default', uid: `uid-${name}`, creationTimestamp: '2026-01-01T00:00:00Z' },
      spec: { containers: [this.#container] },
      status: { phase: 'Pending' },
    };
  }

  namespace(namespace: string): this {
    this.#pod.metadata = { ...this.#pod.metadata, namespace };
    return this;
  }

  labels(labels: Record<string, string>): this {
    this.#pod.metadata = { ...this.#pod.metadata, labels };
    return this;
  }

  annotations(annotations: Record<string, string>): this {
    this.#pod.metadata = { ...this.#pod.metadata, annotations };
    return this;
  }

  uid(uid: string): this {
    this.#pod.metadata = { ...this.#pod.metadata, uid };
    return this;
  }

  created(timestamp: string): this {
    this.#pod.metadata = { ...this.#pod.metadata, creationTimestamp: timestamp };
    return this;
  }

  owner(reference: V1OwnerReference): this {
    this.#pod.metadata = { ...this.#pod.metadata, ownerReferences: [reference] };
    return this;
  }

  requests(cpu: string, memory: string): this {
    this.#container.resources = { ...this.#container.resources, requests: { cpu, memory } };
    return this;
  }

  limits(cpu: string, memory: string): this {
    this.#container.resources = { ...this.#container.resources, limits: { cpu, memory } };
    return this;
  }

  port(containerPort: number, name?: string): this {
    this.#container.ports = [...(this.#container.ports ?? []), { containerPort, ...(name ? { name } : {}) }];
    return this;
  }

  on(nodeName: string): this {
    this.#pod.spec = { ...this.#pod.spec, containers: this.#pod.spec?.containers ?? [], nodeName };
    return this;
  }

  phase(phase: string): this {
    this.#pod.status = { ...this.#pod.status, phase };
    return this;
  }

  ip(podIP: string): this {
    this.#pod.status = { ...this.#pod.status, podIP, podIPs: [{ ip: podIP }] };
    return this;
  }

  /** Running and ready since `since`. */
  ready(since = '2026-01-01T00:00:00Z'): this {
    const conditions = [{ type: 'Ready', status: 'True', lastTransitionTime: since }];
    this.#pod.status = { ...this.#pod.status, phase: 'Running', conditions };
    return this;
  }

  restarts(restartCount: number): this {
    const status = { name: 'main', image: '', imageID: '', ready: true, restartCount };
    this.#pod.status = { ...this.#pod.status, containerStatuses: [status] };
    return this;
  }

  deleting(timestamp = '2026-01-01T00:00:30Z'): this {
    this.#pod.metadata = { ...this.#pod.metadata, deletionTimestamp: timestamp };
    return this;
  }

  build(): V1Pod {
    return structuredClone(this.#pod);
  }
}

export const makePod = (name: string): PodBuilder => new PodBuilder(name);
