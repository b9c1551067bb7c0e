import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Store } from '../../libs/store/store.ts';
import { openEmbeddedStore } from '../../libs/store-embedded/embedded-store.ts';
import { openEtcdStore } from '../../libs/store-etcd/etcd-store.ts';
import { startEtcd } from '../support/etcd-server.ts';
import { print, quantile } from './measure.ts';

/**
 * Guarded writes of 1.5 kB and point reads per second, on both stores, with 1 to 256 requests in flight. Temporary data
 * lies in the working directory's filesystem, so that it is a disk and not memory that is measured.
 */
const widths = [1, 16, 64, 256];
const secondsEach = 3;
const keys = 2000;
const value = Buffer.alloc(1500, 'x');
const keyAt = (index: number) => `/registry/core/pods/bench/pod-${String(index).padStart(6, '0')}`;

interface Figures {
  perSecond: number;
  /** Of this process: what remains when the machine is busy with other work. */
  perCpuSecond: number;
  p50Ms: number;
  p99Ms: number;
}

/** Keeps `width` calls in flight for a few seconds; each call gets a number of its own. */
async function measure(width: number, call: (lane: number, turn: number) => Promise<unknown>): Promise<Figures> {
  const took: number[] = [];
  const cpuBefore = process.cpuUsage();
  const started = performance.now();
  const end = started + secondsEach * 1000;
  const lane = async (number: number) => {
    for (let turn = 0; performance.now() < end; turn++) {
      const from = performance.now();
      await call(number, turn);
      took.push(performance.now() - from);
    }
  };
  await Promise.all(Array.from({ length: width }, (_, number) => lane(number)));
  const seconds = (performance.now() - started) / 1000;
  const { user, system } = process.cpuUsage(cpuBefore);
  return {
    perSecond: Math.round(took.length / seconds),
    perCpuSecond: Math.round((took.length * 1e6) / (user + system)),
    p50Ms: +quantile(took, 0.5).toFixed(2),
    p99Ms: +quantile(took, 0.99).toFixed(2),
  };
}

async function benchmark(name: string, store: Store): Promise<void> {
  const revisions = new Map<string, number>();
  for (const width of widths) {
    // Lanes write disjoint keys, each guarded by the revision of its last write.
    const figures = await measure(width, async (lane, turn) => {
      const key = keyAt(lane + width * (turn % Math.ceil(keys / width)));
      const guards = [{ key, revision: revisions.get(key) ?? 0 }];
      const { writeRevisions } = await store.commit({ guards, writes: [{ key, value }] });
      revisions.set(key, writeRevisions[0]!);
    });
    print({ store: name, what: 'guarded writes', inFlight: width, ...figures });
  }
  const written = [...revisions.keys()];
  for (const width of widths) {
    const figures = await measure(width, (lane, turn) => store.get(written[(lane * 7919 + turn) % written.length]!));
    print({ store: name, what: 'point reads', inFlight: width, ...figures });
  }
  await store.close();
}

async function main(): Promise<void> {
  const only = process.argv[2];
  const directory = mkdtempSync(join(process.cwd(), '.bench-'));
  try {
    if (only !== 'etcd') await benchmark('embedded', openEmbeddedStore({ path: join(directory, 'store') }));
    if (only === 'embedded') return;
    const server = await startEtcd({ directory: join(directory, 'etcd') });
    try {
      await benchmark('etcd', openEtcdStore({ endpoints: [server.url], keyPrefix: '' }));
    } finally {
      await server.dispose();
    }
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

await main();
