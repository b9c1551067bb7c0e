import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../../libs/base/clock.ts';
import { type ClusterPki, ensureClusterPki } from '../../../libs/pki/cluster.ts';
import type { Store } from '../../../libs/store/store.ts';
import { openEmbeddedStore } from '../../../libs/store-embedded/embedded-store.ts';
import { makeNode } from '../../../test/support/make-node.ts';
import type { ApiServer } from '../options.ts';
import { apiServerPki } from '../options.ts';
import { startApiServer } from '../start.ts';
import { foresight } from './extension.ts';

interface Answer {
  code: number;
  warnings: string[];
  body: Record<string, unknown> & { objects?: unknown; fits?: unknown };
}

describe('foresight over HTTPS', () => {
  let home: string;
  let store: Store;
  let server: ApiServer;
  let admin: Agent;
  let pki: ClusterPki;

  beforeAll(async () => {
    home = mkdtempSync(join(tmpdir(), 'foresight-'));
    pki = await ensureClusterPki(join(home, 'pki'), { names: [], ips: [] }, systemClock);
    store = openEmbeddedStore({ path: join(home, 'store') });
    server = await startApiServer({
      store,
      port: 0,
      host: '127.0.0.1',
      taintsNewNodes: false,
      pki: apiServerPki(pki),
      extensions: [foresight()],
    });
    admin = new Agent({ keepAlive: true, ca: pki.ca.certificate, cert: pki.admin.certificate, key: pki.admin.key });
    await ask('POST', '/api/v1/nodes', makeNode('n1').allocatable({ cpu: '2' }).build());
    for (const name of ['x', 'y']) {
      await ask('POST', '/api/v1/namespaces', { metadata: { name } });
      await ask('POST', `/api/v1/namespaces/${name}/serviceaccounts`, { metadata: { name: 'default' } });
    }
  });

  afterAll(async () => {
    admin.destroy();
    await server.stop();
    await store.close();
    rmSync(home, { recursive: true });
  });

  function ask(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const all = { 'content-type': 'application/json', ...headers };
      const outgoing = request(new URL(path, server.url), { method, agent: admin, headers: all }, (incoming) => {
        const parts: Buffer[] = [];
        incoming.on('data', (part: Buffer) => parts.push(part));
        incoming.on('end', () => {
          const text = Buffer.concat(parts).toString();
          const warnings = incoming.headersDistinct.warning ?? [];
          resolve({ code: incoming.statusCode ?? 0, warnings, body: text === '' ? {} : JSON.parse(text) });
        });
      });
      outgoing.on('error', reject);
      outgoing.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }

  const pod = (name: string, cpu: string, more: object = {}) => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name },
    spec: { containers: [{ name: 'main', image: 'x', resources: { requests: { cpu } } }], ...more },
  });
  const deployment = (replicas: number, cpu: string) => ({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', namespace: 'x' },
    spec: {
      replicas,
      selector: { matchLabels: { app: 'web' } },
      template: { metadata: { labels: { app: 'web' } }, spec: pod('', cpu).spec },
    },
  });
  const foresee = (what: string, body: unknown, headers = {}) =>
    ask('POST', `/berth/v1/foresight/${what}`, body, headers);

  it('warns on dry runs alone', async () => {
    const path = '/apis/apps/v1/namespaces/x/deployments';
    const dry = await ask('POST', `${path}?dryRun=All`, deployment(3, '1'));
    expect(dry).toMatchObject({
      code: 201,
      warnings: [
        '299 - "2 pods would run: 2 on n1"',
        '299 - "1 pod would wait: 0/1 nodes are available: 1 Insufficient cpu. with 1 less cpu it would fit on n1"',
      ],
    });
    expect(await ask('POST', path, deployment(1, '1'))).toMatchObject({ code: 201, warnings: [] });
    const change = { spec: { replicas: 2 } };
    const merge = { 'content-type': 'application/merge-patch+json' };
    for (const at of [`${path}/web`, `${path}/web/scale`]) {
      const { warnings } = await ask('PATCH', `${at}?dryRun=All`, change, merge);
      expect(warnings).toEqual(['299 - "1 more pod would run: 1 on n1"']);
    }
    await ask('DELETE', `${path}/web`);
  });

  it('plans objects that rest on each other', async () => {
    const objects = [
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'new' } },
      { apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass', metadata: { name: 'high' }, value: 10 },
      { ...pod('low', '2'), metadata: { name: 'low', namespace: 'new' } },
      { ...pod('p', '2', { priorityClassName: 'high' }), metadata: { name: 'p', namespace: 'new' } },
      pod('', '1'),
    ];
    const { body } = await foresee('plan', { objects, namespace: 'y' });
    expect(body.objects).toMatchObject([
      { object: 'Pod new/low', placed: [{ node: 'n1' }] },
      { object: 'Pod new/p', placed: [{ node: 'n1' }], evicted: [{ pod: 'new/low', from: 'n1' }] },
      { change: 'refused', notes: [expect.stringMatching(/name/)] },
    ]);
    expect(body.fits).toBe(false);
  });

  it.each([
    { name: 'a plan of nothing', what: 'plan', body: {}, code: 400 },
    { name: 'a body that is no object', what: 'plan', body: 7, code: 400 },
    { name: 'a drain of no node', what: 'drain', body: { node: 'n9' }, code: 404 },
    { name: 'an unknown policy', what: 'simulate', body: { change: { policy: 'best' } }, code: 400 },
    { name: 'an unknown node', what: 'simulate', body: { change: { removeNodes: ['n9'] } }, code: 400 },
    { name: 'an unknown goal', what: 'rebalance', body: { goal: 'best' }, code: 400 },
    { name: 'moves without number', what: 'rebalance', body: { maxMoves: -1 }, code: 400 },
    { name: 'an unknown question', what: 'weather', body: {}, code: 404 },
  ])('refuses $name', async ({ what, body, code }) => {
    expect((await foresee(what, body)).code).toBe(code);
  });

  it('answers drains, simulations and rebalances', async () => {
    expect((await foresee('drain', { node: 'n1' })).body).toEqual({ node: 'n1', pods: [] });
    const { body } = await foresee('simulate', { change: { addNodes: 1 }, objects: [deployment(4, '1')] });
    expect(body).toMatchObject({ after: { nodes: 2 }, plan: { fits: true } });
    expect((await foresee('rebalance', {})).body).toMatchObject({ goal: 'empty', moves: [] });
    expect((await ask('GET', '/berth/v1/foresight/plan')).code).toBe(405);
  });

  it('keeps from others what they may not see', async () => {
    const rbac = '/apis/rbac.authorization.k8s.io/v1/namespaces/x';
    const rules = [{ apiGroups: [''], resources: ['pods'], verbs: ['create', 'get'] }];
    await ask('POST', `${rbac}/roles`, { metadata: { name: 'maker' }, rules });
    const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'maker' };
    const subjects = [{ kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: 'bob' }];
    await ask('POST', `${rbac}/rolebindings`, { metadata: { name: 'maker' }, roleRef, subjects });
    await ask('POST', '/apis/scheduling.k8s.io/v1/priorityclasses', { metadata: { name: 'high' }, value: 10 });
    await ask('POST', '/api/v1/namespaces/y/pods', pod('secret', '2', { nodeName: 'n1' }));
    const asBob = { 'impersonate-user': 'bob' };
    const wanted = pod('p', '2', { priorityClassName: 'high' });
    const told = async (headers: Record<string, string>) =>
      (await ask('POST', '/api/v1/namespaces/x/pods?dryRun=All', wanted, headers)).warnings.join('\n');
    expect(await told({})).toContain('pod y/secret (priority 0) on n1 would be preempted');
    const seen = await told(asBob);
    expect(seen).toContain('1 pod would be preempted');
    expect(seen).not.toContain('secret');
    expect((await foresee('plan', { objects: [] }, asBob)).code).toBe(403);
  });
});
