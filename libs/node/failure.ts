/** A container could not be started; reason and message are those that its status shows. */
export class StartError extends Error {
  readonly reason: string;
  /** No attempt before this time; undefined leaves it to the restart back-off. */
  readonly retryAtMs: number | undefined;

  constructor(reason: string, message: string, retryAtMs: number | undefined, cause?: unknown) {
    super(message, { cause });
    this.name = 'StartError';
    this.reason = reason;
    this.retryAtMs = retryAtMs;
  }
}

export function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
