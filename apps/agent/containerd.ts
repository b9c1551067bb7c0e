import { join } from 'node:path';
import type { Clock } from '../../libs/base/clock.ts';
import type { Logger } from '../../libs/base/log.ts';
import { buildCatalogueArchive } from '../../libs/images/build.ts';
import { pauseImage } from '../../libs/images/catalogue.ts';
import { containerdCommand, importImages, prepareContainerd, socketReady } from '../../libs/provision/containerd.ts';
import { type NodeLayout, nodeLayout } from '../../libs/provision/layout.ts';
import { spawnProcess, thisMachine } from '../../libs/provision/machine.ts';
import { loadRecord, recordOf, saveRecord, terminate } from '../../libs/provision/process-record.ts';
import { Supervised } from '../../libs/provision/supervise.ts';
import type { AgentOptions } from './options.ts';

export interface Containerd {
  socket: string;
  /** Where it reads its network configuration, and where the pods' addresses in use are noted. */
  cniConfDir: string;
  ipamDir: string;
  /** Ends a private containerd; its shims, and with them the containers, live on. */
  stop(): Promise<void>;
}

const stopMs = 5_000;
/** Where a containerd of the machine's own looks for its network configuration. */
const machineCniConfDir = '/etc/cni/net.d';

/** The containerd to use: the one whose socket was given, or a private one, started here. */
export async function startContainerd(
  options: Pick<AgentOptions, 'containerd' | 'home' | 'run'>,
  { clock, logger }: { clock: Clock; logger: Logger },
): Promise<Containerd> {
  const layout = nodeLayout(options.home, options.run);
  const { ipamDir } = layout;
  if (options.containerd !== 'private') {
    // Under the agent's own run directory it is one that Berth has configured.
    const ours = options.containerd === layout.containerdSocket;
    const cniConfDir = ours ? layout.cniConfDir : machineCniConfDir;
    return { socket: options.containerd, cniConfDir, ipamDir, stop: async () => {} };
  }
  const supervised = await startPrivate(layout, { clock, logger });
  return {
    socket: layout.containerdSocket,
    cniConfDir: layout.cniConfDir,
    ipamDir,
    stop: () => supervised.stop(stopMs),
  };
}

async function startPrivate(layout: NodeLayout, { clock, logger }: { clock: Clock; logger: Logger }) {
  const recordPath = join(layout.run, 'containerd.pid');
  const left = await loadRecord(recordPath);
  // One that an agent that was killed has left behind: its shims stay.
  if (left) await terminate(left, stopMs, clock);
  const images = buildCatalogueArchive(join(layout.home, 'images.tar'));
  images.catch(() => {});
  const registryDirectory = join(layout.home, 'registries');
  await prepareContainerd(thisMachine, layout, { sandboxImage: pauseImage, registryDirectory });
  const supervised = new Supervised({
    name: 'containerd',
    clock,
    logger,
    start: async () => {
      const process = await spawnProcess({
        argv: containerdCommand(layout),
        logPath: join(layout.home, 'containerd.log'),
      });
      const record = await recordOf(process.pid);
      if (record) await saveRecord(thisMachine, recordPath, record);
      return process;
    },
    ready: () => socketReady(layout.containerdSocket, clock),
  });
  await supervised.start();
  await importImages(thisMachine, layout, await images);
  return supervised;
}
