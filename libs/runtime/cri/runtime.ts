import type { Clock } from '../../base/clock.ts';
import { type Logger, silentLogger } from '../../base/log.ts';
import type {
  ContainerConfig,
  ContainerResources,
  ContainerRuntime,
  ExecResult,
  RegistryCredentials,
  RuntimeEvent,
  SandboxConfig,
  StreamOptions,
} from '../runtime.ts';
import { RuntimeError } from '../runtime.ts';
import { type Method, RuntimeConnection } from './calls.ts';
import {
  containerConfig,
  containerInfo,
  containerSummary,
  imageInfo,
  linuxResources,
  sandboxConfig,
  sandboxInfo,
} from './convert.ts';
import { EventWatch } from './events.ts';
import { ImageServiceService as images, RuntimeServiceService as tasks } from './gen/runtime.ts';
import { ImageViews } from './snapshots.ts';

/** How long an ordinary call to the runtime may take. */
const callTimeoutMs = 2 * 60_000;
/** A sandbox waits for the network plugins, which may wait for each other. */
const sandboxTimeoutMs = 4 * 60_000;
/** How long an image may take to come. */
const pullTimeoutMs = 30 * 60_000;

export interface CriOptions {
  /** Path of the runtime's unix socket. */
  socketPath: string;
  clock: Clock;
  logger?: Logger;
}

/** containerd or CRI-O over its CRI version 1 socket. */
export class CriRuntime implements ContainerRuntime {
  readonly #connection: RuntimeConnection;
  readonly #views: ImageViews;
  readonly #clock: Clock;
  readonly #logger: Logger;

  constructor(options: CriOptions) {
    this.#connection = new RuntimeConnection(options.socketPath);
    this.#views = new ImageViews(this.#connection);
    this.#clock = options.clock;
    this.#logger = options.logger ?? silentLogger;
  }

  #call<Q, S>(method: Method<Q, S>, request: Q, timeoutMs: number | undefined = callTimeoutMs): Promise<S> {
    return this.#connection.call(method, request, { timeoutMs });
  }

  async version() {
    const answer = await this.#call(tasks.version, { version: 'v1' });
    return {
      name: answer.runtimeName ?? '',
      version: answer.runtimeVersion ?? '',
      apiVersion: answer.runtimeApiVersion ?? '',
    };
  }

  async conditions() {
    const answer = await this.#call(tasks.status, {});
    return (answer.status?.conditions ?? []).map((condition) => ({
      type: condition.type ?? '',
      status: condition.status ?? false,
      reason: condition.reason ?? '',
      message: condition.message ?? '',
    }));
  }

  async runSandbox(config: SandboxConfig, handler: string) {
    const request = { config: sandboxConfig(config), runtimeHandler: handler };
    return (await this.#call(tasks.runPodSandbox, request, sandboxTimeoutMs)).podSandboxId ?? '';
  }

  async stopSandbox(id: string) {
    await ignoreAbsent(this.#call(tasks.stopPodSandbox, { podSandboxId: id }));
  }

  async removeSandbox(id: string) {
    await ignoreAbsent(this.#call(tasks.removePodSandbox, { podSandboxId: id }));
  }

  async sandboxStatus(id: string) {
    const { status } = await this.#call(tasks.podSandboxStatus, { podSandboxId: id });
    return sandboxInfo(status ?? {});
  }

  async listSandboxes() {
    return ((await this.#call(tasks.listPodSandbox, {})).items ?? []).map(sandboxInfo);
  }

  async createContainer(sandboxId: string, config: ContainerConfig, sandbox: SandboxConfig) {
    const request = {
      podSandboxId: sandboxId,
      config: containerConfig(config),
      sandboxConfig: sandboxConfig(sandbox),
    };
    return (await this.#call(tasks.createContainer, request)).containerId ?? '';
  }

  async startContainer(id: string) {
    await this.#call(tasks.startContainer, { containerId: id });
  }

  async stopContainer(id: string, graceSeconds: number) {
    const request = { containerId: id, timeout: BigInt(graceSeconds) };
    await ignoreAbsent(this.#call(tasks.stopContainer, request, callTimeoutMs + graceSeconds * 1000));
  }

  async removeContainer(id: string) {
    await ignoreAbsent(this.#call(tasks.removeContainer, { containerId: id }));
  }

  async listContainers(sandboxId?: string) {
    const filter = sandboxId === undefined ? undefined : { podSandboxId: sandboxId };
    return ((await this.#call(tasks.listContainers, { filter })).containers ?? []).map(containerSummary);
  }

  async containerStatus(id: string) {
    const { status } = await this.#call(tasks.containerStatus, { containerId: id });
    return containerInfo(status ?? {});
  }

  async updateResources(id: string, resources: Partial<ContainerResources>) {
    await this.#call(tasks.updateContainerResources, { containerId: id, linux: linuxResources(resources) });
  }

  async reopenLog(id: string) {
    await this.#call(tasks.reopenContainerLog, { containerId: id });
  }

  async writtenBytes(id: string) {
    const { stats } = await this.#call(tasks.containerStats, { containerId: id });
    return Number(stats?.writableLayer?.usedBytes?.value ?? 0n);
  }

  async execSync(id: string, command: readonly string[], timeoutSeconds: number): Promise<ExecResult> {
    const request = { containerId: id, cmd: [...command], timeout: BigInt(timeoutSeconds) };
    const timeoutMs = timeoutSeconds > 0 ? callTimeoutMs + timeoutSeconds * 1000 : undefined;
    const answer = await this.#connection.call(tasks.execSync, request, { timeoutMs });
    return {
      exitCode: answer.exitCode ?? 0,
      stdout: answer.stdout ?? new Uint8Array(),
      stderr: answer.stderr ?? new Uint8Array(),
    };
  }

  async execUrl(id: string, command: readonly string[], options: StreamOptions) {
    return (await this.#call(tasks.exec, { containerId: id, cmd: [...command], ...options })).url ?? '';
  }

  async attachUrl(id: string, options: StreamOptions) {
    return (await this.#call(tasks.attach, { containerId: id, ...options })).url ?? '';
  }

  async portForwardUrl(sandboxId: string, ports: readonly number[]) {
    return (await this.#call(tasks.portForward, { podSandboxId: sandboxId, port: [...ports] })).url ?? '';
  }

  async listImages() {
    return ((await this.#call(images.listImages, {})).images ?? []).map(imageInfo);
  }

  async imageStatus(image: string) {
    const answer = await this.#call(images.imageStatus, { image: { image } });
    return answer.image?.id ? imageInfo(answer.image) : undefined;
  }

  async pullImage(image: string, credentials?: RegistryCredentials, sandbox?: SandboxConfig) {
    const request = { image: { image }, auth: credentials, sandboxConfig: sandbox && sandboxConfig(sandbox) };
    return (await this.#call(images.pullImage, request, pullTimeoutMs)).imageRef ?? '';
  }

  async removeImage(image: string) {
    await ignoreAbsent(this.#call(images.removeImage, { image: { image } }));
  }

  imageView(image: string, key: string) {
    return this.#views.view(image, key);
  }

  async removeImageView(key: string) {
    await ignoreAbsent(this.#views.remove(key));
  }

  async imageFilesystem() {
    const usage = (await this.#call(images.imageFsInfo, {})).imageFilesystems?.[0];
    if (!usage) return undefined;
    return { mountpoint: usage.fsId?.mountpoint ?? '', usedBytes: Number(usage.usedBytes?.value ?? 0n) };
  }

  watch(listener: (event: RuntimeEvent) => void) {
    const watch = new EventWatch({
      connection: this.#connection,
      listener,
      clock: this.#clock,
      logger: this.#logger,
    });
    return () => watch.stop();
  }

  close() {
    this.#connection.close();
  }
}

async function ignoreAbsent(call: Promise<unknown>): Promise<void> {
  try {
    await call;
  } catch (error) {
    if (!(error instanceof RuntimeError && error.code === 'notFound')) throw error;
  }
}
