import type { V1Container, V1Pod, V1PodSpec } from '../../libs/api/gen/types.ts';
import type { ContainerNotes, ObservedContainer, ObservedPod, ObservedSandbox } from '../../libs/pods/observed.ts';
import { hashOf } from '../../libs/pods/spec.ts';

/** A pod of one container `c` unless said otherwise. */
export function podOf(spec: Partial<V1PodSpec> = {}): V1Pod {
  return {
    metadata: { name: 'p', namespace: 'ns', uid: 'u', generation: 1 },
    spec: { containers: [containerOf('c')], restartPolicy: 'Always', ...spec },
  };
}

export function containerOf(name: string, more: Partial<V1Container> = {}): V1Container {
  return { name, image: 'image', ...more };
}

/** What runs of a pod, put together step by step; later containers are newer. */
export class ObservedBuilder {
  readonly #sandboxes: ObservedSandbox[] = [];
  readonly #containers: ObservedContainer[] = [];
  readonly #notes = new Map<string, ContainerNotes>();

  sandbox(ready = true, ips = ['10.0.0.1']): this {
    const attempt = this.#sandboxes.length;
    this.#sandboxes.unshift({ id: `s${attempt}`, attempt, ready, ips, createdAtMs: attempt });
    return this;
  }

  #add(name: string, more: Partial<ObservedContainer>): this {
    const order = this.#containers.length + 1;
    const before = this.#containers.find((container) => container.name === name);
    this.#containers.unshift({
      id: `${name}${before ? before.restartCount + 1 : 0}`,
      sandboxId: this.#sandboxes[0]?.id ?? '',
      name,
      restartCount: before ? before.restartCount + 1 : 0,
      hash: hashOf(containerOf(name)),
      state: 'running',
      createdAtMs: order,
      startedAtMs: 1000,
      finishedAtMs: 0,
      exitCode: 0,
      reason: '',
      message: '',
      image: 'image',
      imageRef: 'image@sha256:0',
      ...more,
    });
    return this;
  }

  running(name: string, more: Partial<ObservedContainer> = {}): this {
    this.#add(name, more);
    return this.notes(name, { health: { id: this.#containers[0]?.id ?? '', started: true, ready: true } });
  }

  created(name: string): this {
    return this.#add(name, { state: 'created', startedAtMs: 0 });
  }

  exited(name: string, exitCode: number, finishedAtMs = 2000): this {
    return this.#add(name, { state: 'exited', exitCode, finishedAtMs });
  }

  notes(name: string, notes: ContainerNotes): this {
    this.#notes.set(name, { ...this.#notes.get(name), ...notes });
    return this;
  }

  get observed(): ObservedPod {
    return { sandboxes: this.#sandboxes, containers: this.#containers };
  }

  get remembered(): ReadonlyMap<string, ContainerNotes> {
    return this.#notes;
  }
}

export function observed(): ObservedBuilder {
  return new ObservedBuilder();
}
