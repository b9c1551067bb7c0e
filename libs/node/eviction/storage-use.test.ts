import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { podOf } from '../../../test/support/test-node.ts';
import { silentLogger } from '../../base/log.ts';
import { PodPaths } from '../options.ts';
import { identity } from '../starter.ts';
import { type CountedParts, storageUseOf } from './storage-use.ts';

const mi = 2 ** 20;
const pod = podOf('a', {
  volumes: [
    { name: 'v', emptyDir: { sizeLimit: '9Mi' } },
    { name: 'i', image: {} },
  ],
});

describe('what a pod has on the disk', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'use-'));
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  const measured = async (counted: CountedParts) => {
    const folders = { pods: join(directory, 'pods'), memory: join(directory, 'memory'), logs: join(directory, 'logs') };
    const paths = new PodPaths(folders, identity(pod));
    const write = (folder: string, bytes: number) => {
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, 'file'), Buffer.alloc(bytes));
    };
    write(paths.volume('emptyDir', 'v'), mi);
    write(paths.volume('image', 'i'), 16 * mi);
    write(paths.subPaths, 16 * mi);
    write(join(paths.logs, 'c'), 2 * mi);
    const container = { id: 'c0', name: 'c', state: 'running' };
    const use = await storageUseOf(
      pod,
      {
        ...{ paths: folders, logger: silentLogger },
        view: { pod: () => ({ sandboxes: [], containers: [container] }) as never },
        runtime: { writtenBytes: async () => 4 * mi },
      },
      counted,
    );
    const inMi = (bytes: number | undefined) => Math.round((bytes ?? 0) / mi);
    return [inMi(use.totalBytes), inMi(use.volumes.get('v')), inMi(use.containers.get('c'))];
  };

  it.each<[string, CountedParts, number[]]>([
    ['all but images and what is bound from elsewhere', { volumesAndLogs: true, layers: true }, [7, 1, 6]],
    ['without layers where images are apart', { volumesAndLogs: true, layers: false }, [3, 1, 2]],
    ['layers alone on the disk of images', { volumesAndLogs: false, layers: true }, [4, 0, 4]],
  ])('counts %s', async (_, counted, expected) => expect(await measured(counted)).toEqual(expected));
});
