import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { systemClock } from '../../../libs/base/clock.ts';
import { authorityHash } from '../../../libs/pki/authority.ts';
import { newBootstrapToken } from '../../../libs/pki/bootstrap-token.ts';
import { mainAddress } from '../../../libs/provision/addresses.ts';
import { type Home, homeFrom, loadConfig } from '../../../libs/provision/home.ts';
import { addressIn } from '../../../libs/provision/ranges.ts';
import { Api } from '../api.ts';
import { CliError, type Command, say, UsageError } from '../command.ts';

const usage = `berth token create: makes a bootstrap token and prints the line that joins a machine

  --ttl HOURS      how long machines may join with it (24; 0 is for ever)
  --address IP     address by which the new machine reaches the control plane (that of the default route)
`;
const hourMs = 3_600_000;
const clusterDnsOffset = 10;

export const token: Command = {
  usage,
  async run(argv) {
    const [verb, ...rest] = argv;
    if (verb !== 'create') throw new UsageError(usage);
    const { values } = parseArgs({
      args: rest,
      options: { ttl: { type: 'string', default: '24' }, address: { type: 'string' } },
    });
    const hours = Number(values.ttl);
    if (!(hours >= 0)) throw new UsageError(`--ttl ${values.ttl}: want hours, 0 or more`);
    const home = homeFrom(process.env);
    const api = await openApi(home);
    try {
      const lifeMs = hours === 0 ? undefined : hours * hourMs;
      const made = newBootstrapToken({ nowMs: systemClock.now(), ...(lifeMs === undefined ? {} : { lifeMs }) });
      await api.ask('POST', `/api/v1/namespaces/${made.secret.metadata?.namespace}/secrets`, made.secret);
      const url = new URL(api.url);
      url.hostname = values.address ?? mainAddress();
      const hash = authorityHash(await readFile(join(home.pki, 'ca.crt'), 'utf8'));
      say(`berth agent --server ${url.origin} --token ${made.token} --ca-hash ${hash}${await rangeFlags(home)}`);
      return 0;
    } finally {
      api.close();
    }
  },
};

/** A cluster of `berth up` may have other ranges than the ones that agents assume. */
async function rangeFlags(home: Home): Promise<string> {
  const services = (await loadConfig(home))?.ranges.services;
  if (services === undefined) return '';
  const dns = addressIn(services, clusterDnsOffset);
  return dns === '10.96.0.10' ? '' : ` --cluster-dns ${dns}`;
}

async function openApi(home: Home): Promise<Api> {
  try {
    return await Api.from(home.kubeconfig);
  } catch (error) {
    throw new CliError(`no control plane has run from ${home.path}: ${(error as Error).message}`);
  }
}
