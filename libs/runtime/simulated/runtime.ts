import type { Clock } from '../../base/clock.ts';
import type {
  ContainerConfig,
  ContainerInfo,
  ContainerRuntime,
  ContainerSummary,
  ExecResult,
  ImageInfo,
  ImageMount,
  RuntimeEvent,
  SandboxConfig,
  SandboxInfo,
} from '../runtime.ts';
import { RuntimeError } from '../runtime.ts';

/** The methods that do something; what a fault may strike. */
export type RuntimeStep =
  | 'runSandbox'
  | 'sandboxStatus'
  | 'stopSandbox'
  | 'removeSandbox'
  | 'createContainer'
  | 'startContainer'
  | 'stopContainer'
  | 'removeContainer'
  | 'containerStatus'
  | 'pullImage'
  | 'imageStatus';

export interface SimulatedOptions {
  clock: Clock;
  /** Images that are there from the start; undefined for every image. */
  images?: readonly string[];
  /** The handlers that it knows besides its usual one. */
  handlers?: readonly string[];
  /** Called before each step; what it throws, the step rejects with. */
  fault?: (step: RuntimeStep, id: string) => void;
  /** The exit code and time of a command that ends by itself; undefined for one that runs until stopped. */
  run?: (config: ContainerConfig) => { afterMs: number; exitCode: number } | undefined;
  /** What a container has written, by its name. */
  writtenBytes?: (container: string) => number;
  exec?: (container: string, command: readonly string[]) => number;
}

const sizeBytes = 1024;
const killedCode = 137;

/** Behaves like a runtime and runs nothing: for hollow nodes, and for tests about time and faults. */
export class SimulatedRuntime implements ContainerRuntime {
  /** Views of images that have not been removed, by their keys. */
  readonly imageViews = new Map<string, string>();
  readonly #options: SimulatedOptions;
  readonly #sandboxes = new Map<string, SandboxInfo>();
  readonly #containers = new Map<string, ContainerInfo & { sandboxId: string; config: ContainerConfig }>();
  readonly #images = new Map<string, ImageInfo>();
  readonly #listeners = new Set<(event: RuntimeEvent) => void>();
  #count = 0;

  constructor(options: SimulatedOptions) {
    this.#options = options;
    for (const image of options.images ?? []) this.#addImage(image);
  }

  async version() {
    return { name: 'simulated', version: '1', apiVersion: 'v1' };
  }

  async conditions() {
    return ['RuntimeReady', 'NetworkReady'].map((type) => ({ type, status: true, reason: '', message: '' }));
  }

  async runSandbox(config: SandboxConfig, handler = ''): Promise<string> {
    this.#fault('runSandbox', config.name);
    if (handler !== '' && !this.#options.handlers?.includes(handler)) {
      throw new RuntimeError('other', `no runtime for "${handler}" is configured`);
    }
    const id = this.#nextId('sandbox');
    const octets = [this.#count >> 8, this.#count & 0xff];
    this.#sandboxes.set(id, {
      id,
      uid: config.uid,
      name: config.name,
      namespace: config.namespace,
      attempt: config.attempt,
      ready: true,
      createdAtMs: this.#options.clock.now(),
      labels: config.labels,
      annotations: config.annotations,
      ips: config.security.namespaces.network === 'node' ? [] : [`10.0.${octets.join('.')}`],
    });
    return id;
  }

  async stopSandbox(id: string): Promise<void> {
    this.#fault('stopSandbox', id);
    const sandbox = this.#sandboxes.get(id);
    if (!sandbox) return;
    for (const container of this.#containers.values())
      if (container.sandboxId === id) this.exit(container.id, killedCode);
    if (sandbox.ready) this.#sandboxes.set(id, { ...sandbox, ready: false });
  }

  async removeSandbox(id: string): Promise<void> {
    this.#fault('removeSandbox', id);
    await this.stopSandbox(id);
    for (const container of this.#containers.values())
      if (container.sandboxId === id) this.#containers.delete(container.id);
    this.#sandboxes.delete(id);
  }

  async sandboxStatus(id: string): Promise<SandboxInfo> {
    this.#fault('sandboxStatus', id);
    return this.#found(this.#sandboxes.get(id), id);
  }

  async listSandboxes(): Promise<SandboxInfo[]> {
    return [...this.#sandboxes.values()];
  }

  async createContainer(sandboxId: string, config: ContainerConfig): Promise<string> {
    this.#fault('createContainer', config.name);
    if (!this.#found(this.#sandboxes.get(sandboxId), sandboxId).ready)
      throw new RuntimeError('other', 'sandbox is not ready');
    const id = this.#nextId('container');
    this.#containers.set(id, {
      ...{ id, sandboxId, config, name: config.name, attempt: config.attempt, state: 'created' as const },
      createdAtMs: this.#options.clock.now() + this.#count / 1e6,
      ...{ startedAtMs: 0, finishedAtMs: 0, exitCode: 0, reason: '', message: '', logPath: config.logPath },
      ...{ image: config.userImage, imageRef: config.image, labels: config.labels, annotations: config.annotations },
    });
    return id;
  }

  async startContainer(id: string): Promise<void> {
    const container = this.#found(this.#containers.get(id), id);
    this.#fault('startContainer', container.name);
    container.state = 'running';
    container.startedAtMs = this.#options.clock.now();
    const course = this.#options.run?.(container.config);
    if (course) this.#options.clock.setTimer(course.afterMs, () => this.exit(id, course.exitCode));
  }

  /** Ends a running container as if its command had ended. */
  exit(id: string, exitCode: number): void {
    const container = this.#containers.get(id);
    if (container?.state !== 'running') return;
    container.state = 'exited';
    container.exitCode = exitCode;
    container.reason = exitCode === 0 ? 'Completed' : 'Error';
    container.finishedAtMs = this.#options.clock.now();
    for (const listener of this.#listeners) listener({ kind: 'exited', id });
  }

  async stopContainer(id: string): Promise<void> {
    this.#fault('stopContainer', id);
    this.exit(id, killedCode);
  }

  async removeContainer(id: string): Promise<void> {
    this.#fault('removeContainer', id);
    this.#containers.delete(id);
  }

  async listContainers(sandboxId?: string): Promise<ContainerSummary[]> {
    return [...this.#containers.values()].filter(
      (container) => sandboxId === undefined || container.sandboxId === sandboxId,
    );
  }

  async containerStatus(id: string): Promise<ContainerInfo> {
    this.#fault('containerStatus', id);
    return { ...this.#found(this.#containers.get(id), id) };
  }

  async updateResources(): Promise<void> {}

  async reopenLog(): Promise<void> {}

  async writtenBytes(id: string): Promise<number> {
    const { name } = this.#found(this.#containers.get(id), id);
    return this.#options.writtenBytes?.(name) ?? 0;
  }

  async execSync(id: string, command: readonly string[]): Promise<ExecResult> {
    const { name } = this.#found(this.#containers.get(id), id);
    const exitCode = this.#options.exec?.(name, command) ?? 0;
    return { exitCode, stdout: new Uint8Array(), stderr: new Uint8Array() };
  }

  async execUrl(): Promise<string> {
    throw new RuntimeError('unimplemented', 'nothing runs here');
  }

  async attachUrl(): Promise<string> {
    throw new RuntimeError('unimplemented', 'nothing runs here');
  }

  async portForwardUrl(): Promise<string> {
    throw new RuntimeError('unimplemented', 'nothing runs here');
  }

  async listImages(): Promise<ImageInfo[]> {
    return [...this.#images.values()];
  }

  async imageStatus(image: string): Promise<ImageInfo | undefined> {
    this.#fault('imageStatus', image);
    return this.#options.images ? this.#images.get(image) : this.#addImage(image);
  }

  async pullImage(image: string): Promise<string> {
    this.#fault('pullImage', image);
    return this.#addImage(image).id;
  }

  async removeImage(image: string): Promise<void> {
    this.#images.delete(image);
  }

  async imageView(image: string, key: string): Promise<ImageMount[]> {
    this.imageViews.set(key, image);
    return [{ type: 'tmpfs', source: 'tmpfs', options: [] }];
  }

  async removeImageView(key: string): Promise<void> {
    this.imageViews.delete(key);
  }

  async imageFilesystem(): Promise<undefined> {
    return undefined;
  }

  watch(listener: (event: RuntimeEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  close(): void {}

  #addImage(image: string): ImageInfo {
    const info = { id: image, tags: [image], digests: [], sizeBytes, uid: 0, username: '', pinned: false };
    this.#images.set(image, info);
    return info;
  }

  #nextId(kind: string): string {
    this.#count += 1;
    return `${kind}-${this.#count}`;
  }

  #fault(step: RuntimeStep, id: string): void {
    this.#options.fault?.(step, id);
  }

  #found<T>(value: T | undefined, id: string): T {
    if (value === undefined) throw new RuntimeError('notFound', `${id}: not found`);
    return value;
  }
}
