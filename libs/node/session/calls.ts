import type { Clock, Timer } from '../../base/clock.ts';
import { StatusError } from '../../base/status.ts';
import type { AgentMessage, CallRequest, CallResponse } from '../../wire/gen/berth/node/v1/session.ts';
import { decodeFailure, decodeJson } from '../../wire/json.ts';

type Call = NonNullable<CallRequest['call']>;

interface Pending {
  request: CallRequest;
  timer: Timer;
  resolve: (value: unknown) => void;
  reject: (error: Error) => void;
}

/** An answer that takes longer than this is given up. */
const callTimeoutMs = 30_000;
/** Calls under way at once; more are refused. */
const callsMax = 256;

/** Questions to the control plane. They survive a lost connection: asking again does no harm to any of them. */
export class Calls {
  private readonly pending = new Map<number, Pending>();
  private readonly unsent = new Set<number>();
  private lastId = 0;

  constructor(
    private readonly clock: Clock,
    private readonly wake: () => void,
  ) {}

  make<T>(call: Call): Promise<T> {
    if (this.pending.size >= callsMax) {
      return Promise.reject(new StatusError('TooManyRequests', `${callsMax} calls are under way already`));
    }
    const id = ++this.lastId;
    return new Promise<T>((resolve, reject) => {
      const timer = this.clock.setTimer(callTimeoutMs, () => {
        this.take(id)?.reject(new StatusError('Timeout', 'the control plane has not answered in time'));
      });
      this.pending.set(id, { request: { id, call }, timer, resolve: resolve as (value: unknown) => void, reject });
      this.unsent.add(id);
      this.wake();
    });
  }

  restart(): void {
    for (const id of this.pending.keys()) this.unsent.add(id);
  }

  pull(): AgentMessage | undefined {
    for (const id of this.unsent) {
      this.unsent.delete(id);
      const pending = this.pending.get(id);
      if (pending) return { body: { $case: 'call', value: pending.request } };
    }
    return undefined;
  }

  answer(response: CallResponse): void {
    const pending = this.take(response.id);
    if (!pending) return;
    const { result } = response;
    if (result?.$case === 'value') pending.resolve(decodeJson(result.value));
    else if (result?.$case === 'failure') pending.reject(decodeFailure(result.value));
    else pending.reject(new StatusError('InternalError', 'the control plane has sent an empty answer'));
  }

  abort(): void {
    for (const id of [...this.pending.keys()]) {
      this.take(id)?.reject(new StatusError('ServiceUnavailable', 'the agent is stopping'));
    }
  }

  private take(id: number): Pending | undefined {
    const pending = this.pending.get(id);
    pending?.timer.cancel();
    this.pending.delete(id);
    this.unsent.delete(id);
    return pending;
  }
}
