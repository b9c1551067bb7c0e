import { existsSync } from 'node:fs';
import type { V1Pod } from '../api/gen/types.ts';
import { StatusError } from '../base/status.ts';
import { currentSandbox, type ObservedContainer } from '../pods/observed.ts';
import { containerNamed } from '../pods/spec.ts';
import type { StreamOptions } from '../runtime/runtime.ts';
import type { WorkerDeps } from './deps.ts';
import type { AttachRequest, ByteStream, ExecRequest, LogsRequest, NodeHandlers, PortForwardRequest } from './link.ts';
import { sendLog, watchFile } from './logs/reader.ts';
import type { PodManager } from './manager.ts';
import { PodPaths } from './options.ts';
import { runPortForward, runRemoteCommand } from './streaming/remote.ts';

type PodRef = LogsRequest['pod'];

export interface HandlerDeps {
  deps: WorkerDeps;
  manager: PodManager;
  http: NodeHandlers['http'];
}

function runsOf(deps: WorkerDeps, pod: PodRef, container: string): ObservedContainer[] {
  return deps.view.pod(pod.uid).containers.filter(({ name }) => name === container);
}

function runningContainer(deps: WorkerDeps, pod: PodRef, container: string): ObservedContainer {
  const [newest] = runsOf(deps, pod, container);
  if (newest?.state === 'running') return newest;
  throw new StatusError('InternalError', `container not found ("${container}")`, { code: 404 });
}

function streamOptions(request: AttachRequest): StreamOptions {
  const { stdin, stdout, stderr, tty } = request;
  return { stdin, stdout, stderr: stderr && !tty, tty };
}

/** Which run's log is asked for. @throws StatusError as clients of the API know it. */
function loggedRun(deps: WorkerDeps, request: LogsRequest, pod: V1Pod | undefined): ObservedContainer {
  const name = request.container;
  if (pod && !containerNamed(pod, name)) {
    throw new StatusError('BadRequest', `container ${name} is not valid for pod ${request.pod.name}`);
  }
  const [newest, before] = runsOf(deps, request.pod, name).filter(({ state }) => state !== 'created');
  if (request.previous) {
    const previous = newest?.state === 'exited' && waits(pod, name) ? newest : before;
    if (previous) return previous;
    const text = `previous terminated container "${name}" in pod "${request.pod.name}" not found`;
    throw new StatusError('BadRequest', text);
  }
  if (newest) return newest;
  const reason = waitingReason(pod, name);
  throw new StatusError(
    'BadRequest',
    `container "${name}" in pod "${request.pod.name}" is waiting to start: ${reason}`,
  );
}

function statusOf(pod: V1Pod | undefined, name: string) {
  const { initContainerStatuses, containerStatuses, ephemeralContainerStatuses } = pod?.status ?? {};
  const all = [...(initContainerStatuses ?? []), ...(containerStatuses ?? []), ...(ephemeralContainerStatuses ?? [])];
  return all.find((status) => status.name === name);
}

/** The container has ended and waits to run again: its last run is the previous one. */
function waits(pod: V1Pod | undefined, name: string): boolean {
  return statusOf(pod, name)?.state?.waiting !== undefined;
}

function waitingReason(pod: V1Pod | undefined, name: string): string {
  const waiting = statusOf(pod, name)?.state?.waiting;
  if (waiting?.reason === 'ErrImagePull') return "image can't be pulled";
  if (waiting?.reason === 'ImagePullBackOff') return 'trying and failing to pull image';
  return waiting?.reason ?? 'ContainerCreating';
}

/** What the control plane may ask of this node. */
export class Handlers implements NodeHandlers {
  readonly #deps: WorkerDeps;
  readonly #manager: PodManager;
  readonly http: NodeHandlers['http'];

  constructor(options: HandlerDeps) {
    this.#deps = options.deps;
    this.#manager = options.manager;
    this.http = options.http;
  }

  async exec(request: ExecRequest, stream: ByteStream): Promise<void> {
    const { id } = runningContainer(this.#deps, request.pod, request.container);
    const url = await this.#deps.runtime.execUrl(id, request.command, streamOptions(request));
    await runRemoteCommand(url, request, stream);
  }

  async attach(request: AttachRequest, stream: ByteStream): Promise<void> {
    const { id } = runningContainer(this.#deps, request.pod, request.container);
    const url = await this.#deps.runtime.attachUrl(id, streamOptions(request));
    await runRemoteCommand(url, request, stream);
  }

  async portForward(request: PortForwardRequest, stream: ByteStream): Promise<void> {
    const sandbox = currentSandbox(this.#deps.view.pod(request.pod.uid));
    if (!sandbox) throw new StatusError('NotFound', `pod ${request.pod.name} is not running`);
    const url = await this.#deps.runtime.portForwardUrl(sandbox.id, [request.port]);
    await runPortForward(url, request.port, stream);
  }

  async logs(request: LogsRequest, stream: ByteStream): Promise<void> {
    const run = loggedRun(this.#deps, request, this.#manager.pod(request.pod.uid));
    const path = new PodPaths(this.#deps.paths, request.pod).logFile(run.name, run.restartCount);
    if (!existsSync(path) && run.state !== 'running') return;
    stream.accept();
    const { clock } = this.#deps;
    const watcher = watchFile(path, (delayMs, wake) => clock.setTimer(delayMs, wake));
    const live = () => {
      const now = runsOf(this.#deps, request.pod, run.name).find(({ id }) => id === run.id);
      return now?.state === 'running';
    };
    stream.closed.addEventListener('abort', watcher.wake, { once: true });
    try {
      await sendLog({ path, live, changed: watcher.changed }, request, stream, clock.now());
    } finally {
      watcher.close();
    }
  }
}
