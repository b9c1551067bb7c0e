import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/log.ts';
import { textOf } from '../failure.ts';
import type { NodeLink } from '../link.ts';
import { collectUsage, type StatsSource } from './collect.ts';

/** How often the control plane is told what is used. */
export const usageIntervalMs = 5000;

/** Reports usage at once and then regularly, until stopped. */
export function reportUsage(options: {
  source: StatsSource;
  link: Pick<NodeLink, 'reportUsage'>;
  clock: Clock;
  logger: Logger;
}): () => void {
  let timer: { cancel(): void };
  const round = () => {
    try {
      options.link.reportUsage(collectUsage(options.source));
    } catch (error) {
      options.logger.warn('cannot read usage', { error: textOf(error) });
    }
    timer = options.clock.setTimer(usageIntervalMs, round);
  };
  round();
  return () => timer.cancel();
}
