import { openScratchApiServer, type ScratchApiServer } from '../../test/support/api-server.ts';
import { until } from '../../test/support/until.ts';

const flows = '/apis/flowcontrol.apiserver.k8s.io/v1/flowschemas';
const levels = '/apis/flowcontrol.apiserver.k8s.io/v1/prioritylevelconfigurations';
const headers = { 'content-type': 'application/json' };

describe('flow schemas and levels', () => {
  let api: ScratchApiServer;

  beforeAll(async () => {
    api = await openScratchApiServer();
  });

  afterAll(() => api.close());

  const read = async (path: string) => JSON.parse((await api.send(path)).body.toString());
  const post = (path: string, object: object) =>
    api.send(path, { method: 'POST', headers, body: JSON.stringify(object) });
  const danglingOf = async (name: string) => {
    const { status, metadata } = await read(`${flows}/${name}`);
    const condition = status.conditions?.find(({ type }: { type: string }) => type === 'Dangling');
    const managers = metadata.managedFields.map(({ manager }: { manager: string }) => manager);
    return { is: condition?.status, managers };
  };

  it('are there from the start, and every schema finds its level', async () => {
    const { items } = await read(flows);
    expect(items).toHaveLength(11);
    expect((await read(levels)).items).toHaveLength(8);
    for (const { metadata } of items) {
      await until(async () => (await danglingOf(metadata.name)).is === 'False');
    }
  });

  it('say when a level is missing, and when it has come', async () => {
    const spec = { priorityLevelConfiguration: { name: 'late' } };
    await post(flows, { metadata: { name: 'early' }, spec });
    await until(async () => (await danglingOf('early')).is === 'True');
    await post(levels, {
      metadata: { name: 'late' },
      spec: { type: 'Limited', limited: { limitResponse: { type: 'Reject' } } },
    });
    await until(async () => (await danglingOf('early')).is === 'False');
    expect((await danglingOf('early')).managers).toContain('api-priority-and-fairness-config-consumer-v1');
  });

  it.each([
    [flows, 'exempt', { matchingPrecedence: 2 }],
    [flows, 'catch-all', { rules: [] }],
    [levels, 'catch-all', { limited: { nominalConcurrencyShares: 9 } }],
  ])('at %s/%s keep their meaning', async (path, name, spec) => {
    const patch = { 'content-type': 'application/merge-patch+json' };
    const answer = await api.send(`${path}/${name}`, {
      method: 'PATCH',
      headers: patch,
      body: JSON.stringify({ spec }),
    });
    expect(answer.code).toBe(422);
  });

  it('may be tuned where that changes nothing else', async () => {
    const patch = { 'content-type': 'application/merge-patch+json' };
    const body = JSON.stringify({ spec: { exempt: { lendablePercent: 5 } } });
    expect((await api.send(`${levels}/exempt`, { method: 'PATCH', headers: patch, body })).code).toBe(200);
  });
});
