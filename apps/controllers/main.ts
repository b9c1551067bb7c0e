import { readFile } from 'node:fs/promises';
import { runComponent } from '../../libs/component/component.ts';
import { type ControllersFlags, controllersUsage, parseFlags } from './flags.ts';
import { type SigningKeys, signersOf } from './signers.ts';
import { controllersLease, startControllers } from './start.ts';

runComponent({
  name: 'controllers',
  usage: controllersUsage,
  parse: parseFlags,
  lease: () => controllersLease,
  start: async ({ client, connection, clock, random, logger, metrics }, flags) =>
    startControllers({
      ...signersOf(await readKeys(flags.signing), clock),
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

async function readKeys({ certificate, key, accountKey }: ControllersFlags['signing']): Promise<SigningKeys> {
  const read = (file: string) => readFile(file, 'utf8');
  return {
    ...(certificate && key && { authority: { certificate: await read(certificate), key: await read(key) } }),
    ...(accountKey && { accountKey: await read(accountKey) }),
  };
}
