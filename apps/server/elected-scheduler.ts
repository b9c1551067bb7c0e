import type { LeaderElection } from '../../libs/reconcile/leader.ts';
import type { Scheduler } from '../scheduler/options.ts';

export interface ElectedScheduler {
  /** The scheduler, while this process has it. */
  readonly current: Scheduler | undefined;
  stop(): Promise<void>;
}

/**
 * Places pods from this process: always when it is the only one over its store, and otherwise while it holds the
 * lease, since two that decide at once would fill a node twice.
 */
export async function startElectedScheduler(
  start: () => Promise<Scheduler>,
  election: LeaderElection | undefined,
): Promise<ElectedScheduler> {
  if (election === undefined) {
    const current = await start();
    return { current, stop: () => current.stop() };
  }
  const stopping = new AbortController();
  let current: Scheduler | undefined;
  const lead = async (until: AbortSignal): Promise<void> => {
    const scheduler = await start();
    current = scheduler;
    if (!until.aborted) await new Promise((resolve) => until.addEventListener('abort', resolve, { once: true }));
    current = undefined;
    await scheduler.stop();
  };
  const running = (async () => {
    // A lost lease ends the lead with an error or without; the next round waits for the lease again.
    while (!stopping.signal.aborted) await election.run(lead, stopping.signal).catch(() => {});
  })();
  return {
    get current() {
      return current;
    },
    async stop() {
      stopping.abort();
      await running;
    },
  };
}
