/**
 * Orders what goes out on one connection: first what is urgent, then one message of each source in turn. Sources are
 * asked only while the connection has room, so that what waits stays with whoever can merge or bound it.
 */
export class Outbox<M> {
  private readonly urgent: M[] = [];
  private readonly sources: Array<() => M | undefined> = [];
  private turn = 0;
  private room = true;
  private flushing = false;
  private closed = false;

  /** `send` answers false when there is no room after this message; `drained` must be called when there is again. */
  constructor(private readonly send: (message: M) => boolean) {}

  /** Urgent messages wait here without limit: what causes them must be bounded. */
  push(message: M): void {
    this.urgent.push(message);
    this.flush();
  }

  /** How many urgent messages wait. */
  get waiting(): number {
    return this.urgent.length;
  }

  addSource(pull: () => M | undefined): void {
    this.sources.push(pull);
  }

  /** Some source may have something now. */
  wake(): void {
    this.flush();
  }

  drained(): void {
    this.room = true;
    this.flush();
  }

  /** Nothing more is sent. */
  close(): void {
    this.closed = true;
    this.urgent.length = 0;
  }

  private flush(): void {
    if (this.flushing) return;
    this.flushing = true;
    try {
      while (this.room && !this.closed) {
        const message = this.urgent.shift() ?? this.pull();
        if (message === undefined) return;
        // `drained` may be called from within.
        this.room = true;
        if (!this.send(message)) this.room = false;
      }
    } finally {
      this.flushing = false;
    }
  }

  private pull(): M | undefined {
    for (let asked = 0; asked < this.sources.length; asked++) {
      const source = this.sources[this.turn++ % this.sources.length]!;
      const message = source();
      if (message !== undefined) return message;
    }
    return undefined;
  }
}
