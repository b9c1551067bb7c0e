import { runComponent } from '../../libs/component/component.ts';
import { ApiBinder } from './api-binder.ts';
import { parseFlags, schedulerUsage } from './flags.ts';
import { startScheduler } from './start.ts';

runComponent({
  name: 'scheduler',
  usage: schedulerUsage,
  parse: parseFlags,
  lease: ({ schedulerName }) => ({ namespace: 'kube-system', name: `berth-${schedulerName}` }),
  start: ({ client, clock, random, logger, metrics }, { schedulerName }) =>
    startScheduler({ client, binder: new ApiBinder(client), clock, random, logger, metrics, schedulerName }),
});
