import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { V1Namespace, V1Pod, V1ServiceAccount } from '../../libs/api/gen/types.ts';
import { namespaces } from '../../libs/api/kinds/namespace.ts';
import { nodes } from '../../libs/api/kinds/node.ts';
import { pods } from '../../libs/api/kinds/pod.ts';
import { serviceaccounts } from '../../libs/api/kinds/serviceaccount.ts';
import { sleep, systemClock } from '../../libs/base/clock.ts';
import type { Client } from '../../libs/client/client.ts';
import { type ClusterPki, ensureClusterPki } from '../../libs/pki/cluster.ts';
import { startEtcd } from '../support/etcd-server.ts';
import { makeNode } from '../support/make-node.ts';
import { makePod } from '../support/make-pod.ts';
import { type RunningServer, scheduleFor, startServerOver } from '../support/scheduling-server.ts';

const nodeCount = 10;
const podsPerNode = 5;
const podCount = 80;
const testMsMax = 120_000;

async function fill(client: Client): Promise<void> {
  await client.create<V1Namespace>(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'x' } });
  const metadata = { name: 'default', namespace: 'x' };
  await client.create<V1ServiceAccount>(serviceaccounts, { apiVersion: 'v1', kind: 'ServiceAccount', metadata });
  for (let at = 0; at < nodeCount; at++) {
    await client.create(
      nodes,
      makeNode(`n${at}`)
        .allocatable({ cpu: `${podsPerNode}`, pods: '50' })
        .build(),
    );
  }
}

const settled = async (client: Client): Promise<V1Pod[]> => {
  for (let round = 0; ; round++) {
    const { items } = await client.list<V1Pod>(pods, { namespace: 'x' });
    if (items.filter(({ spec }) => spec?.nodeName).length === nodeCount * podsPerNode || round > 1000) return items;
    await sleep(systemClock, 50);
  }
};

describe('two schedulers that both place all pods', () => {
  const certificates = mkdtempSync(join(tmpdir(), 'berth-two-pki-'));
  let pki: ClusterPki;
  beforeAll(async () => {
    pki = await ensureClusterPki(certificates, { names: ['localhost'], ips: ['127.0.0.1'] }, systemClock);
  }, testMsMax);
  afterAll(() => rmSync(certificates, { recursive: true, force: true }));

  it.each([
    ['through one server with a store of its own', 'embedded', 1],
    ['through two servers over etcd', 'etcd', 2],
  ])(
    'fill every node and overfill none: %s',
    async (_name, store, serverCount) => {
      const directory = mkdtempSync(join(tmpdir(), 'berth-two-'));
      const etcd = store === 'etcd' ? await startEtcd() : undefined;
      const choice = etcd === undefined ? 'embedded' : `etcd=${etcd.url}`;
      const servers: RunningServer[] = [];
      for (let at = 0; at < serverCount; at++)
        servers.push(await startServerOver(choice, join(directory, `${at}`), { pki }));
      const schedulers = await Promise.all([servers[0]!, servers.at(-1)!].map(scheduleFor));
      try {
        const { client } = servers[0]!;
        await fill(client);
        await Promise.all(schedulers.map(({ ready }) => ready));
        await Promise.all(
          Array.from({ length: podCount }, (_, at) => {
            const { spec } = makePod(`p${at}`).requests('1', '1Mi').build();
            return client.create<V1Pod>(pods, {
              apiVersion: 'v1',
              kind: 'Pod',
              metadata: { name: `p${at}`, namespace: 'x' },
              spec,
            });
          }),
        );
        const counts = new Map<string, number>();
        for (const { spec } of await settled(client)) {
          if (spec?.nodeName) counts.set(spec.nodeName, (counts.get(spec.nodeName) ?? 0) + 1);
        }
        expect([...counts.values()]).toEqual(Array(nodeCount).fill(podsPerNode));
      } finally {
        for (const scheduler of schedulers) await scheduler.stop();
        for (const server of servers) await server.stop();
        await etcd?.dispose();
        rmSync(directory, { recursive: true, force: true });
      }
    },
    testMsMax,
  );
});
