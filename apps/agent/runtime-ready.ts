import { type Clock, sleep } from '../../libs/base/clock.ts';
import { StatusError } from '../../libs/base/status.ts';
import type { ContainerRuntime } from '../../libs/runtime/runtime.ts';

const pollMs = 50;
const readyTimeoutMs = 60_000;

/**
 * Waits until the runtime answers: its socket accepts connections before it has recovered its containers.
 * @throws StatusError ServiceUnavailable that names the socket.
 */
export async function runtimeReady(
  runtime: Pick<ContainerRuntime, 'listSandboxes'>,
  { socket, clock }: { socket: string; clock: Clock },
): Promise<void> {
  const endMs = clock.monotonic() + readyTimeoutMs;
  for (;;) {
    try {
      await runtime.listSandboxes();
      return;
    } catch (error) {
      if (clock.monotonic() > endMs) {
        const message = `the container runtime at ${socket} does not answer: ${(error as Error).message}`;
        throw new StatusError('ServiceUnavailable', message, { cause: error });
      }
      await sleep(clock, pollMs);
    }
  }
}
