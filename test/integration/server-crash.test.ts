import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { V1ConfigMap, V1Namespace } from '../../libs/api/gen/types.ts';
import { configmaps } from '../../libs/api/kinds/configmap.ts';
import { namespaces } from '../../libs/api/kinds/namespace.ts';
import { sleep, systemClock } from '../../libs/base/clock.ts';
import { seededRandom } from '../../libs/base/random.ts';
import { isStatus } from '../../libs/base/status.ts';
import type { Client, WatchEvent } from '../../libs/client/client.ts';
import { type EtcdServer, startEtcd } from '../support/etcd-server.ts';
import { quietPort, ServerProcess } from '../support/server-process.ts';

const lanes = 16;
const watchers = 3;
const kills = 3;
const stormMs = 500;
const testMsMax = 300_000;
const retryMs = 20;
const settleMsMax = 30_000;

interface Write {
  lane: string;
  turn: number;
  revision: number;
}

const turnOf = (map: V1ConfigMap) => Number(map.data?.turn ?? Number.NaN);
const revisionOf = (map: V1ConfigMap) => Number(map.metadata?.resourceVersion);

/** Counts its own object up, one guarded write after another, and remembers what was acknowledged. */
class Lane {
  readonly acknowledged: Write[] = [];
  private readonly name: string;
  private readonly client: Client;

  constructor(name: string, client: Client) {
    this.name = name;
    this.client = client;
  }

  async run(until: AbortSignal): Promise<void> {
    let current: V1ConfigMap | undefined;
    let isKnown = true;
    while (!until.aborted) {
      try {
        // After a write without an answer the object itself says whether it counted.
        if (!isKnown) current = await this.read();
        isKnown = true;
        const turn = current === undefined ? 0 : turnOf(current) + 1;
        isKnown = false;
        current = await this.write(turn, current);
        isKnown = true;
        this.acknowledged.push({ lane: this.name, turn, revision: revisionOf(current) });
      } catch (error) {
        if (isStatus(error, 'Conflict', 'AlreadyExists', 'Expired', 'Invalid')) throw error;
        await sleep(systemClock, retryMs);
      }
    }
  }

  private write(turn: number, current: V1ConfigMap | undefined): Promise<V1ConfigMap> {
    const data = { turn: String(turn), filling: 'x'.repeat(600) };
    if (current !== undefined) return this.client.update<V1ConfigMap>(configmaps, { ...current, data });
    return this.client.create<V1ConfigMap>(configmaps, { metadata: { namespace: 'x', name: this.name }, data });
  }

  private async read(): Promise<V1ConfigMap | undefined> {
    try {
      return await this.client.get<V1ConfigMap>(configmaps, { namespace: 'x', name: this.name });
    } catch (error) {
      if (isStatus(error, 'NotFound')) return undefined;
      throw error;
    }
  }
}

/** Follows all lanes from one version on and comes back to where it was after each break. */
class Watcher {
  readonly seen: Write[] = [];
  breaks = 0;
  private version: string;
  private readonly client: Client;

  constructor(client: Client, version: string) {
    this.client = client;
    this.version = version;
  }

  private readonly see = ({ type, object }: WatchEvent<V1ConfigMap>): void => {
    this.version = object.metadata?.resourceVersion ?? this.version;
    if (type === 'BOOKMARK' || !object.metadata?.name?.startsWith('lane-')) return;
    this.seen.push({ lane: object.metadata.name, turn: turnOf(object), revision: revisionOf(object) });
  };

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        const options = { namespace: 'x', resourceVersion: this.version, signal };
        for await (const batch of this.client.watch<V1ConfigMap>(configmaps, options)) batch.forEach(this.see);
      } catch (error) {
        // A version that is no longer kept would be the gap that this test is about.
        if (isStatus(error, 'Expired')) throw error;
      }
      if (signal.aborted) return;
      this.breaks++;
      await sleep(systemClock, retryMs);
    }
  }
}

async function storm(
  server: ServerProcess,
  crash: () => Promise<void>,
): Promise<{ all: Lane[]; followers: Watcher[]; last: V1ConfigMap[] }> {
  const client = server.client();
  await client.create<V1Namespace>(namespaces, { metadata: { name: 'x' } });
  const { resourceVersion } = await client.list(configmaps, { namespace: 'x' });
  const clients = [client, server.client(), server.client()];
  const all = Array.from({ length: lanes }, (_, at) => new Lane(`lane-${at}`, clients[at % clients.length]!));
  const followers = Array.from({ length: watchers }, (_, at) => new Watcher(clients[at]!, resourceVersion));
  const [writing, watching] = [new AbortController(), new AbortController()];
  const watches = followers.map((each) => each.run(watching.signal));
  const writes = all.map((each) => each.run(writing.signal));
  await crash();
  writing.abort();
  await Promise.all(writes);
  const last = (await client.list<V1ConfigMap>(configmaps, { namespace: 'x' })).items.filter(({ metadata }) =>
    metadata?.name?.startsWith('lane-'),
  );
  const newest = Math.max(...last.map(revisionOf));
  const deadline = systemClock.monotonic() + settleMsMax;
  while (followers.some(({ seen }) => (seen.at(-1)?.revision ?? 0) < newest) && systemClock.monotonic() < deadline) {
    await sleep(systemClock, retryMs);
  }
  watching.abort();
  await Promise.all(watches);
  for (const each of clients) each.close();
  return { all, followers, last };
}

function check({ all, followers, last }: Awaited<ReturnType<typeof storm>>, breaksMin: number): void {
  const acknowledged = all.flatMap((lane) => lane.acknowledged);
  expect(acknowledged.length).toBeGreaterThan(lanes * kills);
  const first = followers[0]!.seen;
  const seenAt = new Map(first.map((write) => [write.revision, write]));
  expect(acknowledged.filter((write) => JSON.stringify(seenAt.get(write.revision)) !== JSON.stringify(write))).toEqual(
    [],
  );
  for (const { seen, breaks } of followers) {
    expect(breaks).toBeGreaterThanOrEqual(breaksMin);
    const revisions = seen.map(({ revision }) => revision);
    expect(revisions.filter((revision, at) => at > 0 && revision <= revisions[at - 1]!)).toEqual([]);
    for (const { lane } of all.flatMap((each) => each.acknowledged.slice(0, 1))) {
      const turns = seen.filter((write) => write.lane === lane).map(({ turn }) => turn);
      expect({ lane, turns }).toEqual({ lane, turns: turns.map((_, at) => at) });
    }
    expect(seen).toEqual(first);
  }
  for (const map of last) {
    const turns = first.filter(({ lane }) => lane === map.metadata?.name);
    expect(turns.at(-1)).toEqual({ lane: map.metadata?.name, turn: turnOf(map), revision: revisionOf(map) });
  }
}

describe('an API server under SIGKILL in a storm of writes', () => {
  let directory = '';
  let etcd: EtcdServer | undefined;
  let server: ServerProcess;
  const random = seededRandom(Number(process.env.BERTH_SEED ?? 7));
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'berth-storm-'));
  });
  afterEach(async () => {
    await server.kill();
    await etcd?.dispose();
    etcd = undefined;
    rmSync(directory, { recursive: true, force: true });
  });

  const pause = () => sleep(systemClock, stormMs * (0.5 + random.next()));

  it(
    'on the embedded store loses nothing acknowledged, and no watcher sees a gap',
    async () => {
      server = new ServerProcess({ home: directory, port: await quietPort(), store: 'embedded' });
      await server.start();
      const result = await storm(server, async () => {
        for (let kill = 0; kill < kills; kill++) {
          await pause();
          await server.kill();
          await server.start();
        }
        await pause();
      });
      check(result, kills);
    },
    testMsMax,
  );

  it(
    'on etcd, which is killed too, loses nothing acknowledged, and no watcher sees a gap',
    async () => {
      etcd = await startEtcd();
      const port = await quietPort();
      server = new ServerProcess({ home: directory, port, store: `etcd=${etcd.url}` });
      await server.start();
      const result = await storm(server, async () => {
        for (let kill = 0; kill < kills; kill++) {
          await pause();
          if (kill % 2 === 1) {
            await etcd!.kill();
            await etcd!.start();
            continue;
          }
          await server.kill();
          await server.start();
        }
        await pause();
      });
      check(result, Math.ceil(kills / 2));
    },
    testMsMax,
  );
});
