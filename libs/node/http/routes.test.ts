import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { podOf, TestNode } from '../../../test/support/test-node.ts';

describe('what the node proxy reads', () => {
  let node: TestNode;
  beforeEach(async () => {
    node = new TestNode({ exec: (_, command) => (command[0] === 'bad' ? 1 : 0) });
    await node.start();
  });
  afterEach(() => node.stop());

  const get = async (path: string, method = 'GET') => {
    const answer = await node.link.handlers?.http({ method, path });
    return { status: answer?.status, type: answer?.contentType, text: Buffer.from(answer?.body ?? []).toString() };
  };

  it.each<[string, RegExp]>([
    ['/healthz', /^ok$/],
    ['/healthz/', /^ok$/],
    ['/healthz?verbose', /^\[\+\]ping ok\n\[\+\]log ok\n\[\+\]syncloop ok\nhealthz check passed\n$/],
    ['/healthz/syncloop', /^ok$/],
    ['/configz', /"kind":"KubeletConfiguration".*"clusterDNS":\["10.96.0.10"\].*"maxPods":10/],
    ['/runningpods/', /^{"kind":"PodList","apiVersion":"v1","metadata":{},"items":\[\]}$/],
    ['/metrics/resource', /resource_scrape_error 0\n/],
    ['/stats/summary?only_cpu_and_memory=true', /"fs":{"time":"[^"]+","availableBytes":\d+,"capacityBytes":\d+/],
  ])('%s', async (path, text) => {
    expect(await get(path)).toMatchObject({ status: 200, text: expect.stringMatching(text) });
  });

  it.each([
    ['/nothing', 'GET', 404],
    ['/logs/../etc', 'GET', 404],
    ['/logs/%2e%2e/etc/passwd', 'GET', 404],
    ['/logs/%zz', 'GET', 400],
    ['/configz', 'POST', 405],
    ['/logs/', 'DELETE', 405],
  ])('%s by %s: %d', async (path, method, status) => {
    expect((await get(path, method)).status).toBe(status);
  });

  it('runningpods tells of what runs', async () => {
    node.pods.set(podOf('a'));
    await node.running('a');
    const { items } = JSON.parse((await get('/runningpods')).text);
    expect(items).toMatchObject([{ metadata: { name: 'a', uid: 'uid-a' }, spec: { containers: [{ name: 'c' }] } }]);
  });

  it('metrics/probes counts probes by their outcome, until the pod has gone', async () => {
    const probe = (command: string) => ({ exec: { command: [command] }, periodSeconds: 1, failureThreshold: 100 });
    node.pods.set(podOf('a', {}, { readinessProbe: probe('good'), livenessProbe: probe('bad') }));
    await node.running('a');
    await node.clock.advance(2500);
    const text = async () => (await get('/metrics/probes')).text;
    const labels = 'container="c",namespace="ns",pod="a",pod_uid="uid-a"';
    expect(await text()).toMatch(`prober_probe_total{${labels},probe_type="Readiness",result="successful"} `);
    expect(await text()).toMatch(`prober_probe_total{${labels},probe_type="Liveness",result="failed"} `);
    node.delete('a');
    await node.until('it is gone', () => node.link.gone.includes('uid-a'));
    expect(await text()).not.toMatch('uid-a');
  });

  it('logs shows folders and files of the machine and of containers, and no other', async () => {
    const system = node.path('var-log');
    mkdirSync(`${system}/deep`, { recursive: true });
    writeFileSync(`${system}/deep/a & b`, 'said\n');
    symlinkSync('/etc', `${system}/out`);
    symlinkSync('deep', `${system}/in`);
    mkdirSync(node.path('logs', 'ns_a_u', 'c'), { recursive: true });
    writeFileSync(node.path('logs', 'ns_a_u', 'c', '0.log'), 'line\n');
    const page = await get('/logs/');
    expect(page).toMatchObject({ status: 200, type: 'text/html; charset=utf-8' });
    expect(page.text).toContain('<a href="deep/">deep/</a>\n');
    expect(page.text).toContain('<a href="pods/">pods/</a>\n');
    writeFileSync(`${system}/deep/#?:`, '');
    const deep = (await get('/logs/deep/')).text;
    expect(deep).toContain('<a href="a%20%26%20b">a &#38; b</a>\n');
    expect(deep).toContain('<a href="%23%3F%3A">#?:</a>\n');
    expect((await get('/logs/deep')).text).toContain('<a href="deep/a%20%26%20b">a &#38; b</a>\n');
    expect((await get('/logs')).text).toContain('<a href="logs/deep/">deep/</a>\n');
    expect(await get('/logs/deep/a%20&%20b')).toMatchObject({ text: 'said\n', type: 'text/plain; charset=utf-8' });
    expect((await get('/logs/in/a%20&%20b')).text).toBe('said\n');
    expect((await get('/logs/pods/ns_a_u/c/0.log')).text).toBe('line\n');
    expect((await get('/logs/out/hostname')).status).toBe(404);
  });
});
