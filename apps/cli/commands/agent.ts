import { readFileSync } from 'node:fs';
import { homedir, hostname } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { systemClock } from '../../../libs/base/clock.ts';
import { silentLogger } from '../../../libs/base/log.ts';
import { parseCgroupLayout } from '../../../libs/provision/cgroups.ts';
import { agentPlaces, nodeLayout } from '../../../libs/provision/layout.ts';
import { thisMachine } from '../../../libs/provision/machine.ts';
import { resetNode } from '../../../libs/provision/reset.ts';
import { CliError, type Command, say } from '../command.ts';
import { runForeground } from '../foreground.ts';
import { agentProgram } from '../programs.ts';

const resetUsage = `berth agent reset: removes from this machine all that a stopped agent with a private containerd has left

  --name NAME    as the agent was given them
  --home DIR
  --run DIR
  --cgroup PATH
`;

const resetFlags = {
  name: { type: 'string' },
  home: { type: 'string' },
  run: { type: 'string' },
  cgroup: { type: 'string' },
} as const;

export const agent: Command = {
  run(argv) {
    if (argv[0] !== 'reset') return runForeground([...agentProgram(), ...argv]);
    return reset(argv.slice(1));
  },
};

async function reset(argv: readonly string[]): Promise<number> {
  if (argv.includes('--help')) {
    process.stdout.write(resetUsage);
    return 0;
  }
  const { values } = parseArgs({ args: [...argv], options: resetFlags });
  const name = values.name ?? hostname().toLowerCase();
  const home = resolve(values.home ?? join(homedir(), '.berth/nodes', name));
  const places = agentPlaces(home, name);
  const run = values.run ?? places.run;
  const cgroups = parseCgroupLayout(readFileSync('/proc/self/mountinfo', 'utf8'));
  if (cgroups === undefined) throw new CliError('no cgroup file system is mounted');
  const context = { machine: thisMachine, cgroups, clock: systemClock, logger: silentLogger };
  await resetNode(nodeLayout(home, run), values.cgroup ?? places.cgroup, context);
  say(`${name}: nothing of the node is left in ${home} and ${run}; "kubectl delete node ${name}" forgets it`);
  return 0;
}
