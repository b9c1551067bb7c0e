import { runComponent } from '../../libs/component/component.ts';
import { controllersUsage, parseFlags } from './flags.ts';
import { controllersLease, startControllers } from './start.ts';

runComponent({
  name: 'controllers',
  usage: controllersUsage,
  parse: parseFlags,
  lease: () => controllersLease,
  start: ({ client, connection, clock, random, logger, metrics }, flags) =>
    startControllers({
      client,
      clock,
      random,
      logger,
      metrics,
      rootCa: String(connection.ca),
      clusterCidr: flags.clusterCidr,
      autoscalerPeriodMs: flags.autoscalerPeriodMs,
      disabled: flags.disabled,
    }),
});
