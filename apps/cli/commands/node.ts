import { join } from 'node:path';
import { homeFrom } from '../../../libs/provision/home.ts';
import { clusterIdOf, clusterNames } from '../../../libs/provision/names.ts';
import { CliError, type Command, say, UsageError } from '../command.ts';
import { askControl } from '../control.ts';

const usage = `berth node: stops and starts single nodes of this machine

  berth node stop NAME    end agent, containerd and containers at once, as a power cut would; it stays down
  berth node start NAME   bring it back
`;

export const node: Command = {
  usage,
  async run(argv) {
    const [verb, name] = argv;
    if ((verb !== 'stop' && verb !== 'start') || name === undefined) throw new UsageError(usage);
    const home = homeFrom(process.env);
    const { runDirectory } = clusterNames(clusterIdOf(home.path));
    const target = `/nodes/${encodeURIComponent(name)}/${verb}`;
    const answer = await askControl(join(runDirectory, 'up.sock'), target);
    if (answer === undefined) throw new CliError(`no cluster runs from ${home.path}`);
    say(`${name} ${verb === 'stop' ? 'stopped' : 'started'}`);
    return 0;
  },
};
