import type { V1Pod } from '../api/gen/types.ts';
import { type BackoffPolicy, backoffMs } from '../base/backoff.ts';
import type { Clock } from '../base/clock.ts';
import { durationText } from '../pods/restart.ts';
import { type ContainerRuntime, type ImageInfo, RuntimeError, type SandboxConfig } from '../runtime/runtime.ts';
import type { EventRecorder, Occurrence } from './events.ts';
import { StartError } from './failure.ts';
import type { NodeObjects } from './objects.ts';
import { credentialsFor, normalizeImage } from './registry.ts';

const pullBackoffPolicy: BackoffPolicy = { initialMs: 10_000, maxMs: 300_000 };
/** After a pull has failed, how soon the status says that it is being held back. */
const heldBackAfterMs = 1000;
/** How many pulls run at once; more share the same line anyway. */
const pullsMax = 4;

interface Attempts {
  failures: number;
  untilMs: number;
  reason: string;
}

export interface ImageRequest {
  pod: V1Pod;
  /** As the pod names it. */
  image: string;
  pullPolicy: string | undefined;
  /** Whose image it is, unless it is a volume's. */
  container?: string;
  sandbox?: SandboxConfig;
}

/** Sees to it that an image is on the node, by its pull policy. */
export class Images {
  readonly #runtime: ContainerRuntime;
  readonly #objects: NodeObjects;
  readonly #events: EventRecorder;
  readonly #clock: Clock;
  readonly #attempts = new Map<string, Attempts>();
  readonly #lastUsedMs = new Map<string, number>();
  readonly #waiting: Array<() => void> = [];
  #pulling = 0;

  constructor(options: { runtime: ContainerRuntime; objects: NodeObjects; events: EventRecorder; clock: Clock }) {
    this.#runtime = options.runtime;
    this.#objects = options.objects;
    this.#events = options.events;
    this.#clock = options.clock;
  }

  /** When each image was last asked for, by id; for the collection of unused ones. */
  get lastUsedMs(): ReadonlyMap<string, number> {
    return this.#lastUsedMs;
  }

  /** @throws StartError with the reason that the container's status shows. */
  async ensure(request: ImageRequest): Promise<ImageInfo> {
    const { image, pullPolicy } = request;
    const name = normalizeImage(image);
    if (!name) {
      throw new StartError(
        'InvalidImageName',
        `Failed to apply default image tag "${image}": couldn't parse image name "${image}": invalid reference format`,
        this.#clock.now() + pullBackoffPolicy.initialMs,
      );
    }
    const present = pullPolicy === 'Always' ? undefined : await this.#runtime.imageStatus(name);
    if (present) {
      this.#say(request, 'Normal', 'Pulled', `Container image "${image}" already present on machine`);
      this.#lastUsedMs.set(present.id, this.#clock.now());
      return present;
    }
    if (pullPolicy === 'Never') {
      const message = `Container image "${image}" is not present with pull policy of Never`;
      this.#say(request, 'Warning', 'ErrImageNeverPull', message);
      throw new StartError('ErrImageNeverPull', message, this.#clock.now() + pullBackoffPolicy.initialMs);
    }
    return this.#pull(request, name);
  }

  /** Forgets what is remembered of a pod that is gone. */
  forget(podUid: string): void {
    for (const key of this.#attempts.keys()) if (key.startsWith(podUid)) this.#attempts.delete(key);
  }

  async #pull(request: ImageRequest, name: string): Promise<ImageInfo> {
    const { image } = request;
    const key = `${request.pod.metadata?.uid}/${image}`;
    const held = this.#attempts.get(key);
    if (held && held.untilMs > this.#clock.now()) {
      const message = `Back-off pulling image "${image}": ${held.reason}`;
      this.#say(request, 'Normal', 'BackOff', message);
      throw new StartError('ImagePullBackOff', message, held.untilMs);
    }
    this.#say(request, 'Normal', 'Pulling', `Pulling image "${image}"`);
    const startedAt = this.#clock.monotonic();
    try {
      const info = await this.#limited(() => this.#pullWithCredentials(request, name));
      const took = durationText(this.#clock.monotonic() - startedAt);
      const text = `Successfully pulled image "${image}" in ${took} (${took} including waiting). Image size: ${info.sizeBytes} bytes.`;
      this.#say(request, 'Normal', 'Pulled', text);
      this.#attempts.delete(key);
      this.#lastUsedMs.set(info.id, this.#clock.now());
      return info;
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      const failures = (held?.failures ?? 0) + 1;
      const reason = `ErrImagePull: ${text}`;
      this.#attempts.set(key, {
        failures,
        untilMs: this.#clock.now() + backoffMs(pullBackoffPolicy, failures),
        reason,
      });
      this.#say(request, 'Warning', 'Failed', `Failed to pull image "${image}": ${text}`);
      this.#say(request, 'Warning', 'Failed', 'Error: ErrImagePull');
      throw new StartError('ErrImagePull', text, this.#clock.now() + heldBackAfterMs);
    }
  }

  async #pullWithCredentials(request: ImageRequest, name: string): Promise<ImageInfo> {
    const namespace = request.pod.metadata?.namespace ?? '';
    const secrets = await Promise.all(
      (request.pod.spec?.imagePullSecrets ?? []).map((ref) => this.#objects.secret(namespace, ref.name ?? '')),
    );
    const candidates = credentialsFor(
      name,
      secrets.filter((secret) => secret !== undefined),
    );
    let last: unknown;
    for (const credentials of [...candidates, undefined]) {
      try {
        const ref = await this.#runtime.pullImage(name, credentials, request.sandbox);
        const info = (await this.#runtime.imageStatus(ref)) ?? (await this.#runtime.imageStatus(name));
        if (!info) throw new RuntimeError('notFound', `image ${name} is not there after its pull`);
        return info;
      } catch (error) {
        last ??= error;
      }
    }
    throw last;
  }

  async #limited<T>(work: () => Promise<T>): Promise<T> {
    if (this.#pulling >= pullsMax) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#pulling += 1;
    try {
      return await work();
    } finally {
      this.#pulling -= 1;
      this.#waiting.shift()?.();
    }
  }

  #say(request: ImageRequest, type: Occurrence['type'], reason: string, message: string): void {
    this.#events.pod(request.pod, { type, reason, message, container: request.container });
  }
}
