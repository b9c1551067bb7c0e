import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { V1Deployment, V1Pod } from '../../libs/api/gen/types.ts';
import { Cluster, eventually, run, webApp } from './cluster.ts';

const cluster = Cluster.shared();
let namespace = '';
const k = (args: string, input?: string) => cluster.kubectl(`-n ${namespace} ${args}`, { input });
const anyPod = async () => (await k('get pods -l app=web -o name')).split('\n')[0]?.replace('pod/', '') ?? '';

beforeAll(async () => {
  namespace = await cluster.makeNamespace('kubectl');
  await cluster.apply(namespace, webApp('web', { replicas: 2 }));
  await k('rollout status deployment/web --timeout=60s');
});
afterAll(() => cluster.dropNamespace(namespace));

describe('kubectl reads', () => {
  it.each([
    ['get pods', /NAME\s+READY\s+STATUS\s+RESTARTS\s+AGE\nweb-\S+\s+1\/1\s+Running\s+0/],
    ['get pods -o wide', /IP\s+NODE\s+NOMINATED NODE/],
    ['get deployments', /NAME\s+READY\s+UP-TO-DATE\s+AVAILABLE\s+AGE\nweb\s+2\/2\s+2\s+2/],
    ['get all', /replicaset\.apps\/web-/],
    ['get endpointslices', /web-\S+\s+IPv4\s+8080\s+10\./],
    ['get pods -l app=web -o yaml', /kind: List/],
    ['get pods -o jsonpath={.items[*].status.phase}', /^Running Running$/],
    ['get pods --sort-by=.metadata.name -o custom-columns=N:.metadata.name', /^N\nweb-/],
    ['get nodes', /node-1\s+Ready/],
    ['describe deployment web', /Replicas:\s+2 desired \| 2 updated \| 2 total \| 2 available/],
    ['describe pods', /Conditions:[\s\S]*Ready\s+True[\s\S]*Scheduled/],
    ['describe nodes', /Allocated resources/],
    ['describe service web', /Endpoints:\s+10\./],
    ['events --for deployment/web', /ScalingReplicaSet/],
    ['get events', /Started/],
    ['explain deployment.spec.strategy', /rollingUpdate/],
    ['api-resources', /deployments\s+deploy\s+apps\/v1\s+true\s+Deployment/],
    ['version', /Server Version/],
    ['cluster-info', /is running at/],
    ['auth can-i create pods', /^yes/],
  ])('%s', async (args, pattern) => expect(await k(args)).toMatch(pattern));

  it('top, from the agents own samples', async () => {
    await eventually(async () => expect(await k('top pods')).toMatch(/web-\S+\s+\d+m\s+\d+Mi/), 60_000);
    expect(await k('top nodes')).toMatch(/node-1\s+\d+m\s+\d+%\s+\d+Mi/);
  });

  it('watches', async () => {
    const watch = cluster.startKubectl(`-n ${namespace} get configmap -w`);
    let seen = '';
    watch.stdout?.on('data', (data) => {
      seen += data;
    });
    await eventually(async () => expect(seen).toContain('kube-root-ca.crt'));
    await k('create configmap watched --from-literal=a=1');
    await eventually(async () => expect(seen).toMatch(/watched\s+1/));
    watch.kill();
  });

  it('logs, also while they are written', async () => {
    await k('run talker --image=localhost/berth/busybox:1 --restart=Never -- sh -c', undefined).catch(() => {});
    await k('delete pod talker --ignore-not-found --now');
    const script = `-n ${namespace} run talker --image=localhost/berth/busybox:1 --restart=Never -- sh -c 'for i in 1 2 3 4 5; do echo line $i; sleep 1; done'`;
    await cluster.kubectl(script);
    await k('wait --for=condition=Ready pod/talker --timeout=30s');
    expect(await k('logs -f talker')).toBe('line 1\nline 2\nline 3\nline 4\nline 5\n');
    expect(await k('logs talker --tail=2')).toBe('line 4\nline 5\n');
    expect(await k('logs talker --timestamps --tail=1')).toMatch(/^\d{4}-\d\d-\d\dT\S+ line 5\n$/);
    await eventually(async () =>
      expect((await cluster.get<V1Pod>(`pod talker -n ${namespace}`)).status?.phase).toBe('Succeeded'),
    );
  });
});

describe('kubectl reaches into containers', () => {
  it('exec gives output, errors and the exit code', async () => {
    const pod = await anyPod();
    expect(await k(`exec ${pod} -- hostname`)).toBe(`${pod}\n`);
    const failed = await cluster.tryKubectl(`-n ${namespace} exec ${pod} -- sh -c 'echo oops >&2; exit 7'`);
    expect(failed).toMatchObject({ code: 7, stderr: expect.stringContaining('oops') });
  });

  it('exec -i passes standard input and its end', async () => {
    expect((await k(`exec -i ${await anyPod()} -- wc -c`, 'x'.repeat(300_000))).trim()).toBe('300000');
  });

  it('exec -it gives a terminal', async () => {
    const line = `kubectl --kubeconfig ${cluster.kubeconfig} -n ${namespace} exec -it ${await anyPod()} -- sh -c "test -t 0 && tty"`;
    const done = await run('script', ['-qec', line, '/dev/null'], {});
    expect(done.stdout).toMatch(/\/dev\/pts\/\d/);
  });

  it('cp there and back', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'berth-cp-'));
    const pod = await anyPod();
    const content = 'berth '.repeat(50_000);
    writeFileSync(join(folder, 'a'), content);
    await k(`cp ${folder}/a ${pod}:/tmp/a`);
    await k(`cp ${pod}:/tmp/a ${folder}/b`);
    expect(readFileSync(join(folder, 'b'), 'utf8')).toBe(content);
    rmSync(folder, { recursive: true });
  });

  it('port-forward', async () => {
    const forward = cluster.startKubectl(`-n ${namespace} port-forward service/web 18080:80`);
    let said = '';
    forward.stdout?.on('data', (data) => {
      said += data;
    });
    await eventually(async () => expect(said).toContain('Forwarding from'));
    for (let i = 0; i < 5; i++)
      expect(await (await fetch('http://127.0.0.1:18080/')).text()).toContain('hello from web-');
    forward.kill();
  });
});

describe('kubectl changes', () => {
  it('label, annotate, patch of three kinds', async () => {
    await k('label deployment web team=dock');
    await k('annotate deployment web note=hello');
    await k(`patch deployment web -p '{"metadata":{"labels":{"strategic":"yes"}}}'`);
    await k(`patch deployment web --type merge -p '{"metadata":{"labels":{"merge":"yes"}}}'`);
    await k(`patch deployment web --type json -p '[{"op":"add","path":"/metadata/labels/json","value":"yes"}]'`);
    const { metadata } = await cluster.get<V1Deployment>(`deployment web -n ${namespace}`);
    expect(metadata).toMatchObject({
      labels: { team: 'dock', strategic: 'yes', merge: 'yes', json: 'yes' },
      annotations: { note: 'hello' },
    });
  });

  it('diff says what apply would change', async () => {
    const same = await cluster.tryKubectl(`-n ${namespace} diff -f -`, { input: webApp('web', { replicas: 2 }) });
    expect(same.code).toBe(0);
    const other = await cluster.tryKubectl(`-n ${namespace} diff -f -`, {
      input: webApp('web', { replicas: 2, image: 'localhost/berth/hello:2' }),
    });
    expect(other).toMatchObject({ code: 1, stdout: expect.stringContaining('localhost/berth/hello:2') });
  });

  it('edit', async () => {
    const script = join(mkdtempSync(join(tmpdir(), 'berth-edit-')), 'editor');
    writeFileSync(script, '#!/bin/sh\nsed -i "s/note: hello/note: edited/" "$1"\n', { mode: 0o755 });
    const env = { KUBECONFIG: cluster.kubeconfig, KUBE_EDITOR: script };
    const done = await run('kubectl', ['-n', namespace, 'edit', 'deployment', 'web'], { env });
    expect(done.stdout).toContain('edited');
    expect(await k('get deployment web -o jsonpath={.metadata.annotations.note}')).toBe('edited');
  });

  it('rollout status, history, undo, pause, resume, restart', async () => {
    const image = () => k('get deployment web -o jsonpath={.spec.template.spec.containers[0].image}');
    await k('set image deployment/web web=localhost/berth/hello:2');
    await k('rollout status deployment/web --timeout=60s');
    expect(await k('rollout history deployment/web')).toMatch(/REVISION\s+CHANGE-CAUSE\n1\s+\S+\n2\s/);
    await k('rollout undo deployment/web');
    await k('rollout status deployment/web --timeout=60s');
    expect(await image()).toBe('localhost/berth/hello:1');
    await k('rollout pause deployment/web');
    await k('set image deployment/web web=localhost/berth/hello:2');
    expect(await k('get rs -l app=web -o jsonpath={.items[*].spec.replicas}')).toMatch(/^(0 2|2 0)$/);
    await k('rollout resume deployment/web');
    await k('rollout status deployment/web --timeout=60s');
    await k('rollout restart deployment/web');
    await k('rollout status deployment/web --timeout=60s');
    expect(await image()).toBe('localhost/berth/hello:2');
  });

  it('server-side apply owns its fields and names the other owner', async () => {
    const config = (value: string) =>
      `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: owned }\ndata: { a: '${value}' }\n`;
    await k('apply --server-side --field-manager=one -f -', config('1'));
    const conflict = await cluster.tryKubectl(`-n ${namespace} apply --server-side --field-manager=two -f -`, {
      input: config('2'),
    });
    expect(conflict.stderr).toMatch(/conflict with "one".*\.data\.a/s);
    await k('apply --server-side --field-manager=two --force-conflicts -f -', config('2'));
    expect(await k('get configmap owned -o jsonpath={.data.a}')).toBe('2');
  });

  it('cordon, uncordon, taint', async () => {
    await k('cordon node-3');
    expect(await k('get node node-3')).toContain('SchedulingDisabled');
    await k('uncordon node-3');
    await k('taint nodes node-3 berth-test=1:NoSchedule');
    expect(await k('get node node-3 -o jsonpath={.spec.taints[*].key}')).toContain('berth-test');
    await k('taint nodes node-3 berth-test-');
    expect(await k('get node node-3 -o jsonpath={.spec.taints}')).toBe('');
  });

  it('drain moves pods away', async () => {
    const node = (await k('get pods -l app=web -o jsonpath={.items[0].spec.nodeName}')).trim();
    await k(`drain ${node} --ignore-daemonsets --delete-emptydir-data --force --pod-selector=app=web --timeout=60s`);
    await k('rollout status deployment/web --timeout=60s');
    expect(await k('get pods -l app=web -o jsonpath={.items[*].spec.nodeName}')).not.toContain(node);
    await k(`uncordon ${node}`);
  });

  it('delete takes dependents along', async () => {
    await cluster.apply(namespace, webApp('gone'));
    await k('rollout status deployment/gone --timeout=60s');
    await k('delete deployment gone --wait');
    await eventually(async () => expect(await k('get pods,rs -l app=gone -o name')).toBe(''));
  });
});
