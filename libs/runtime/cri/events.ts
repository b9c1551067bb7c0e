import { backoffMs } from '../../base/backoff.ts';
import type { Clock, Timer } from '../../base/clock.ts';
import type { Logger } from '../../base/log.ts';
import type { RuntimeError, RuntimeEvent } from '../runtime.ts';
import type { RuntimeConnection } from './calls.ts';
import { EventsService, TaskExit } from './gen/containerd_events.ts';
import { ContainerEventType, RuntimeServiceService } from './gen/runtime.ts';

/** Where neither event service exists: how often the containers are listed. */
const relistMs = 1000;
const reconnect = { initialMs: 50, maxMs: 2000 };

type Listener = (event: RuntimeEvent) => void;
type Source = 'containerd' | 'cri' | 'relist';
const nextSource: Record<Source, Source> = { containerd: 'cri', cri: 'relist', relist: 'relist' };

/** Subscribes to the best source of events that the runtime has, and again whenever it is lost. */
export class EventWatch {
  readonly #connection: RuntimeConnection;
  readonly #listener: Listener;
  readonly #clock: Clock;
  readonly #logger: Logger;
  #source: Source = 'containerd';
  #failures = 0;
  #timer: Timer | undefined;
  #cancel: () => void = () => {};
  #stopped = false;

  constructor(options: { connection: RuntimeConnection; listener: Listener; clock: Clock; logger: Logger }) {
    this.#connection = options.connection;
    this.#listener = options.listener;
    this.#clock = options.clock;
    this.#logger = options.logger;
    this.#open();
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
    this.#cancel();
  }

  #open(): void {
    if (this.#stopped) return;
    if (this.#source === 'relist') {
      this.#listener({ kind: 'changed', id: undefined });
      this.#timer = this.#clock.setTimer(relistMs, () => this.#open());
    } else if (this.#source === 'containerd') this.#openContainerd();
    else this.#openCri();
  }

  #handlers<T>(onData: (data: T) => void) {
    let opened = false;
    const onOpen = () => {
      if (opened) return;
      opened = true;
      this.#failures = 0;
      // What happened while nobody listened is found by looking once.
      this.#listener({ kind: 'changed', id: undefined });
    };
    return {
      onOpen,
      onData: (data: T) => {
        onOpen();
        onData(data);
      },
      onEnd: (error: RuntimeError | undefined) => this.#lost(error),
    };
  }

  #openContainerd(): void {
    const filters = ['topic=="/tasks/exit",namespace==k8s.io', 'topic=="/tasks/oom",namespace==k8s.io'];
    this.#cancel = this.#connection.stream(
      EventsService.subscribe,
      { filters },
      this.#handlers((envelope) => {
        const task = TaskExit.decode(envelope.event?.value ?? new Uint8Array());
        if (envelope.topic === '/tasks/oom') this.#listener({ kind: 'oom', id: task.containerId });
        else if (!task.id || task.id === task.containerId) this.#listener({ kind: 'exited', id: task.containerId });
      }),
    );
  }

  #openCri(): void {
    this.#cancel = this.#connection.stream(
      RuntimeServiceService.getContainerEvents,
      {},
      this.#handlers((event) => {
        const stopped = event.containerEventType === ContainerEventType.CONTAINER_STOPPED_EVENT;
        this.#listener({ kind: stopped ? 'exited' : 'changed', id: event.containerId });
      }),
    );
  }

  #lost(error: RuntimeError | undefined): void {
    if (this.#stopped) return;
    if (error?.code === 'unimplemented') {
      this.#source = nextSource[this.#source];
      this.#open();
      return;
    }
    this.#failures += 1;
    this.#logger.warn('lost the stream of runtime events', { source: this.#source, error: error?.message });
    this.#timer = this.#clock.setTimer(backoffMs(reconnect, this.#failures), () => this.#open());
  }
}
