import { readFileSync } from 'node:fs';
import { systemClock } from '../../../libs/base/clock.ts';
import { silentLogger } from '../../../libs/base/log.ts';
import { parseCgroupLayout } from '../../../libs/provision/cgroups.ts';
import { nodeLayout } from '../../../libs/provision/layout.ts';
import { thisMachine } from '../../../libs/provision/machine.ts';
import { resetNode } from '../../../libs/provision/reset.ts';
import { agentUsage, parseAgentFlags } from '../../agent/flags.ts';
import { CliError, type Command, say } from '../command.ts';
import { runForeground } from '../foreground.ts';
import { programPath } from '../programs.ts';

/** The flags of an agent name its folders; the server plays no part in a reset. */
const anyServer = ['--server', 'https://127.0.0.1'];

export const agent: Command = {
  summary: 'run this machine as a node of a cluster',
  usage: `${agentUsage.replace('berth-agent', 'berth agent')}
berth agent reset [--name NAME] [--home DIR] [--run DIR] [--cgroup PATH]
  removes from this machine all that a stopped agent with a private containerd has left, containers and files too
`,
  run: (argv) =>
    argv[0] === 'reset' ? reset(argv.slice(1)) : runForeground([process.execPath, programPath('agent'), ...argv]),
};

async function reset(argv: readonly string[]): Promise<number> {
  const { home, run, cgroup, name } = parseAgentFlags([...anyServer, ...argv]);
  const cgroups = parseCgroupLayout(readFileSync('/proc/self/mountinfo', 'utf8'));
  if (cgroups === undefined) throw new CliError('no cgroup file system is mounted');
  const context = { machine: thisMachine, cgroups, clock: systemClock, logger: silentLogger };
  await resetNode(nodeLayout(home, run), cgroup, context);
  say(`${name}: nothing of the node is left in ${home} and ${run}; "kubectl delete node ${name}" forgets it`);
  return 0;
}
