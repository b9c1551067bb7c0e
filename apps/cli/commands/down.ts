import { readFileSync } from 'node:fs';
import { rm, rmdir } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { systemClock } from '../../../libs/base/clock.ts';
import { silentLogger } from '../../../libs/base/log.ts';
import { parseCgroupLayout } from '../../../libs/provision/cgroups.ts';
import { type Home, homeFrom, loadConfig } from '../../../libs/provision/home.ts';
import { lockHolder } from '../../../libs/provision/home-lock.ts';
import { thisMachine } from '../../../libs/provision/machine.ts';
import { clusterIdOf } from '../../../libs/provision/names.ts';
import { terminate } from '../../../libs/provision/process-record.ts';
import { sweepCluster } from '../../../libs/provision/sweep.ts';
import { CliError, type Command, say } from '../command.ts';
import { Progress } from '../progress.ts';

const gracefulStopMs = 90_000;

export const down: Command = {
  usage: `berth down: stops the cluster of this home and leaves no process, mount, namespace, link or cgroup

  --purge   remove its data too: objects, certificates, images, logs
`,
  async run(argv) {
    const { values } = parseArgs({ args: [...argv], options: { purge: { type: 'boolean', default: false } } });
    if (process.getuid?.() !== 0) throw new CliError('must run as root');
    const home = homeFrom(process.env);
    const progress = new Progress(systemClock);
    const holder = await lockHolder(home.upLock);
    if (holder !== undefined) {
      await progress.step('stopped the running cluster', () => terminate(holder, gracefulStopMs, systemClock));
    }
    await progress.step('removed what was left', () => sweep(home));
    if (values.purge) await progress.step(`removed the data in ${home.path}`, () => purge(home));
    return 0;
  },
};

async function sweep(home: Home): Promise<void> {
  const cgroups = parseCgroupLayout(readFileSync('/proc/self/mountinfo', 'utf8'));
  if (cgroups === undefined) return;
  const config = await loadConfig(home).catch(() => undefined);
  const context = { machine: thisMachine, cgroups, clock: systemClock, logger: silentLogger };
  await sweepCluster({ clusterId: clusterIdOf(home.path), home, podRange: config?.ranges.pods }, context);
}

/** Removes only what Berth has made: the home may be a folder that holds other things. */
async function purge(home: Home): Promise<void> {
  const own = [home.config, home.kubeconfig, home.pki, home.store, home.images, home.logs, home.registries, home.run];
  await Promise.all([...own, home.node('')].map((path) => rm(path, { recursive: true, force: true })));
  await rmdir(home.path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOTEMPTY') say(`  ${home.path} stays: it holds files that are not Berth's`);
    else if (error.code !== 'ENOENT') throw error;
  });
}
