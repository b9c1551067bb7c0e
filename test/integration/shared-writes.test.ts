import type { V1ConfigMap } from '../../libs/api/gen/types.ts';
import type { PatchRequest } from '../../libs/registry/requests.ts';
import type { Store } from '../../libs/store/store.ts';
import { openEtcdStore } from '../../libs/store-etcd/etcd-store.ts';
import { type EtcdServer, startEtcd } from '../support/etcd-server.ts';
import { asks, bodyOf, openScratchRegistry, type ScratchRegistry } from '../support/registry.ts';

const writers = 60;
const at = { namespace: 'x', name: 'shared' };

describe('one object that two API servers on one etcd change', () => {
  let etcd: EtcdServer;
  let stores: Store[];
  let servers: ScratchRegistry[];

  beforeAll(async () => {
    etcd = await startEtcd();
    stores = [0, 1].map(() => openEtcdStore({ endpoints: [etcd.url], keyPrefix: '/shared' }));
    servers = [];
    for (const sharedStore of stores) servers.push(await openScratchRegistry({ sharedStore }));
  }, 30_000);

  afterAll(async () => {
    for (const server of servers) await server.close();
    for (const store of stores) await store.close();
    await etcd.dispose();
  });

  const service = (turn: number) => servers[turn % servers.length]!.service('configmaps');
  const configMap = (data: Record<string, string>) =>
    ({ kind: 'ConfigMap', apiVersion: 'v1', metadata: { name: at.name }, data }) as V1ConfigMap;
  const patch = (turn: number, type: PatchRequest['type'], body: unknown) =>
    service(turn).patch(at, { ...asks({ fieldManager: `w-${turn}` }), type, body, complaints: [], force: false });
  const now = async (turn = 0) => (await service(turn).get(at)).object as V1ConfigMap;

  it('has what each of them has written, whatever the other wrote meanwhile', async () => {
    await service(0).create({ namespace: 'x' }, bodyOf(configMap({ count: '0' })), asks());
    // One after the other, by turns: each starts from what it remembers, which the other has just changed.
    for (let turn = 0; turn < writers; turn++) {
      const count = [
        { op: 'test', path: '/data/count', value: String(turn) },
        { op: 'replace', path: '/data/count', value: String(turn + 1) },
      ];
      await patch(turn, 'json', count);
    }
    // At once, as many as may lose to each other before one gives up.
    const kinds = ['merge', 'strategic', 'apply'] as const;
    await Promise.all(
      kinds.map((type, turn) => {
        const data = { [type]: 'written' };
        return patch(turn, type, type === 'apply' ? configMap(data) : { data });
      }),
    );
    const wanted = { count: String(writers), merge: 'written', strategic: 'written', apply: 'written' };
    for (const turn of [0, 1]) expect((await now(turn)).data).toEqual(wanted);
  }, 30_000);

  it('is replaced once by those who have seen the same', async () => {
    for (let round = 0; round < 10; round++) {
      const seen = await now(round);
      const replace = (turn: number) =>
        service(turn).update(at, bodyOf({ ...seen, data: { round: String(round), turn: String(turn) } }), asks());
      const outcomes = await Promise.allSettled([0, 1, 2, 3].map(replace));
      const reasons = outcomes.map((one) => (one.status === 'rejected' ? one.reason.reason : 'written')).sort();
      expect(reasons).toEqual(['Conflict', 'Conflict', 'Conflict', 'written']);
      const winner = outcomes.findIndex(({ status }) => status === 'fulfilled');
      expect((await now(round + 1)).data).toEqual({ round: String(round), turn: String(winner) });
    }
  }, 30_000);
});
