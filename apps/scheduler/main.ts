import { runComponent } from '../../libs/component/component.ts';
import { ApiBinder } from './api-binder.ts';
import { parseFlags, schedulerUsage } from './flags.ts';
import { startScheduler } from './start.ts';

runComponent({
  name: 'scheduler',
  usage: schedulerUsage,
  parse: parseFlags,
  lease: ({ profiles }) => ({ namespace: 'kube-system', name: `berth-${profiles[0]!.schedulerName}` }),
  start: ({ client, clock, random, logger, metrics }, { profiles }) =>
    startScheduler({ client, binder: new ApiBinder(client), clock, random, logger, metrics, profiles }),
});
