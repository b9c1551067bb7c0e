import { silentLogger } from '../../libs/base/log.ts';
import { noMetrics } from '../../libs/base/metrics.ts';
import { seededRandom } from '../../libs/base/random.ts';
import { InformerSet } from '../../libs/client/informer-set.ts';
import type { Controller, ControllerContext } from '../../libs/reconcile/controller.ts';
import { EventRecorder } from '../../libs/reconcile/events.ts';
import { FakeClient } from './fake-client.ts';
import { FakeClock } from './fake-clock.ts';

/** Controllers that run over objects in memory, by a clock that the test moves. */
export interface ControllerWorld {
  readonly client: FakeClient;
  readonly clock: FakeClock;
  /** Lets five times as long pass as it is told, in five steps. */
  settle(stepMs?: number): Promise<void>;
  stop(): Promise<void>;
}

/** @param before a world that has stopped, whose objects and time go on */
export function startControllers(
  make: (context: ControllerContext) => readonly Controller[],
  before?: Pick<ControllerWorld, 'client' | 'clock'>,
): ControllerWorld {
  const random = seededRandom(1);
  const clock = before?.clock ?? new FakeClock();
  const client = before?.client ?? new FakeClient({ clock, random });
  const informers = new InformerSet({ client, clock });
  const events = new EventRecorder({ client, clock, random, component: 'test' });
  const controllers = make({ client, informers, clock, random, logger: silentLogger, metrics: noMetrics, events });
  informers.start();
  for (const controller of controllers) controller.start();
  return {
    client,
    clock,
    async settle(stepMs = 1000) {
      for (let step = 0; step < 5; step++) await clock.advance(stepMs);
    },
    async stop() {
      await Promise.all(controllers.map((controller) => controller.stop()));
      await informers.stop();
    },
  };
}
