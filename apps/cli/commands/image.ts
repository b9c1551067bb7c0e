import { access } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { buildCatalogueArchive } from '../../../libs/images/build.ts';
import { helloImages, pauseImage } from '../../../libs/images/catalogue.ts';
import { ctr } from '../../../libs/provision/containerd.ts';
import { homeFrom } from '../../../libs/provision/home.ts';
import { nodeLayout } from '../../../libs/provision/layout.ts';
import { thisMachine } from '../../../libs/provision/machine.ts';
import { clusterIdOf, clusterNames, nodeNames } from '../../../libs/provision/names.ts';
import type { LocalCluster } from '../cluster.ts';
import { CliError, type Command, say, UsageError } from '../command.ts';
import { askControl } from '../control.ts';

const usage = `berth image: images that need no registry

  berth image build [--output FILE]   write ${pauseImage}, ${helloImages[0]} and the like as one OCI archive
  berth image load FILE...            give OCI or docker archives to every node of this machine
`;

export const image: Command = {
  usage,
  async run(argv) {
    const [verb, ...rest] = argv;
    if (verb === 'build') return build(rest);
    if (verb === 'load' && rest.length > 0) return load(rest);
    throw new UsageError(usage);
  },
};

async function build(argv: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...argv],
    options: { output: { type: 'string', default: 'berth-images.tar' } },
  });
  const built = await buildCatalogueArchive(resolve(values.output));
  say(`${built.path} ${built.digest}`);
  return 0;
}

async function load(files: readonly string[]): Promise<number> {
  for (const file of files) await access(file);
  const home = homeFrom(process.env);
  const clusterId = clusterIdOf(home.path);
  const answer = await askControl(join(clusterNames(clusterId).runDirectory, 'up.sock'), '/status');
  if (answer === undefined) throw new CliError(`no cluster runs from ${home.path}`);
  const { nodes } = answer as unknown as ReturnType<LocalCluster['describe']>;
  const running = nodes.map((node, at) => ({ ...node, names: nodeNames(clusterId, at + 1) }));
  await Promise.all(
    running
      .filter((node) => !node.stopped)
      .map(async (node) => {
        const layout = nodeLayout(home.node(node.name), node.names.runDirectory);
        for (const file of files) await ctr(thisMachine, layout, ['images', 'import', resolve(file)]);
        say(`${node.name}: loaded ${files.join(', ')}`);
      }),
  );
  return 0;
}
