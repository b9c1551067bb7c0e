import { Metadata } from '@grpc/grpc-js';
import type { ImageMount } from '../runtime.ts';
import { RuntimeError } from '../runtime.ts';
import type { Method, RuntimeConnection } from './calls.ts';
import { SnapshotsService as snapshots } from './gen/containerd_snapshots.ts';
import { ImageServiceService as images, RuntimeServiceService as tasks } from './gen/runtime.ts';

const timeoutMs = 2 * 60_000;
/** What the CRI keeps in containerd belongs to this namespace. */
const namespace = 'k8s.io';
/** Keeps a snapshot that nothing refers to. Source: containerd docs/garbage-collection.md. */
const rootLabel = 'containerd.io/gc.root';

/** The member of a JSON text; undefined where it is no text of that form. */
function memberOf(text: string | undefined, ...path: string[]): string | undefined {
  try {
    let value: unknown = JSON.parse(text ?? '');
    for (const name of path) value = typeof value === 'object' && value ? Reflect.get(value, name) : undefined;
    return typeof value === 'string' ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Read-only views of images, by containerd's own service. */
export class ImageViews {
  readonly #connection: RuntimeConnection;
  readonly #metadata = new Metadata();
  #snapshotter: Promise<string> | undefined;

  constructor(connection: RuntimeConnection) {
    this.#connection = connection;
    this.#metadata.set('containerd-namespace', namespace);
  }

  #call<Q, S>(method: Method<Q, S>, request: Q): Promise<S> {
    return this.#connection.call(method, request, { timeoutMs, metadata: this.#metadata });
  }

  /** The name of the snapshotter that images are unpacked with. @throws RuntimeError where the runtime does not tell. */
  async #snapshots(): Promise<string> {
    this.#snapshotter ??= this.#call(tasks.status, { verbose: true }).then(({ info }) => {
      const name = memberOf(info?.config, 'containerd', 'snapshotter');
      if (name === undefined) throw new RuntimeError('unimplemented', 'image volumes are not supported by the runtime');
      return name;
    });
    this.#snapshotter.catch(() => {
      this.#snapshotter = undefined;
    });
    return this.#snapshotter;
  }

  async view(image: string, key: string): Promise<ImageMount[]> {
    const snapshotter = await this.#snapshots();
    const { info } = await this.#call(images.imageStatus, { image: { image }, verbose: true });
    const parent = memberOf(info?.info, 'chainID');
    if (parent === undefined)
      throw new RuntimeError('unimplemented', `the runtime does not tell the layers of ${image}`);
    const labels = { [rootLabel]: 'true' };
    const answer = await this.#call(snapshots.view, { snapshotter, key, parent, labels }).catch((error: unknown) => {
      const known = error instanceof RuntimeError && error.message.includes('already exists');
      if (!known) throw error;
      return this.#call(snapshots.mounts, { snapshotter, key });
    });
    return (answer.mounts ?? []).map(({ type = '', source = '', options = [] }) => ({ type, source, options }));
  }

  async remove(key: string): Promise<void> {
    const snapshotter = await this.#snapshots();
    await this.#call(snapshots.remove, { snapshotter, key });
  }
}
