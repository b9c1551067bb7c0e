import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Containerd, startContainerd } from '../../apps/agent/containerd.ts';
import type { V1ConfigMap, V1Container, V1Pod, V1PodSpec } from '../../libs/api/gen/types.ts';
import { sleep, systemClock } from '../../libs/base/clock.ts';
import { silentLogger } from '../../libs/base/log.ts';
import { systemRandom } from '../../libs/base/random.ts';
import { busyboxImage } from '../../libs/images/catalogue.ts';
import { type NodeAgent, startNodeAgent } from '../../libs/node/agent.ts';
import { detectCgroupTree } from '../../libs/node/cgroups/detect.ts';
import type { ByteStream, LogsRequest } from '../../libs/node/link.ts';
import { CriRuntime } from '../../libs/runtime/cri/runtime.ts';
import { FakeLink } from '../support/fake-link.ts';
import { until as holds } from '../support/until.ts';

// One node on a real, private containerd, with a control plane that only remembers.
const tag = `n${process.pid}`;
const cgroup = `/berth-test-${tag}`;
const bridge = `${tag}-br`;
const waitMsMax = 30_000;
const testMsMax = 60_000;
const home = mkdtempSync(join(tmpdir(), 'berth-agent-'));
const run = `/run/berth-test-${tag}`;
const tree = detectCgroupTree();

let containerd: Containerd;
let runtime: CriRuntime;
let agent: NodeAgent;
let link = new FakeLink();

function network(): string {
  const ipam = { type: 'host-local', dataDir: join(run, 'ipam'), ranges: [[{ subnet: '10.178.9.0/24' }]] };
  const plugins = [
    { type: 'bridge', bridge, isGateway: true, ipam },
    { type: 'portmap', capabilities: { portMappings: true } },
  ];
  return JSON.stringify({ cniVersion: '1.0.0', name: tag, plugins });
}

async function startAgent(): Promise<void> {
  agent = await startNodeAgent({
    link,
    runtime,
    clock: systemClock,
    random: systemRandom,
    paths: { pods: join(home, 'pods'), memory: join(run, 'memory'), logs: join(home, 'logs') },
    cgroups: { parent: cgroup },
    node: { name: tag, ips: ['10.178.9.1'], cpuMillis: 2000, memoryBytes: 4 * 2 ** 30, podsMax: 50 },
    dns: { servers: ['10.96.0.10'], domain: 'cluster.local', resolvConf: '/etc/resolv.conf' },
  });
}

beforeAll(async () => {
  const options = { containerd: 'private', home, run };
  containerd = await startContainerd(options, { clock: systemClock, logger: silentLogger });
  mkdirSync(containerd.cniConfDir, { recursive: true });
  writeFileSync(join(containerd.cniConfDir, '10-test.conflist'), network());
  runtime = new CriRuntime({ socketPath: containerd.socket, clock: systemClock });
  await until('the network is there', async () => (await runtime.conditions()).every(({ status }) => status));
  await startAgent();
}, testMsMax);

afterAll(async () => {
  for (const pod of pods().list()) pods().remove(`${pod.metadata?.namespace}/${pod.metadata?.name}`);
  await until('all pods are gone', async () => (await runtime.listSandboxes()).length === 0);
  await agent.stop();
  runtime.close();
  await containerd.stop();
  tree.remove(cgroup);
  try {
    execFileSync('ip', ['link', 'del', bridge], { stdio: 'ignore' });
  } catch {
    // No pod came so far as to need it.
  }
  for (const directory of [home, run]) rmSync(directory, { recursive: true, force: true });
}, testMsMax);

function pods() {
  return link.mirror<V1Pod>('pods');
}

const until = (what: string, condition: () => boolean | Promise<boolean>) => holds(condition, { what, waitMsMax });

function podOf(
  name: string,
  script: string,
  container: Partial<V1Container> = {},
  spec: Partial<V1PodSpec> = {},
): V1Pod {
  return {
    metadata: { name, namespace: 'ns', uid: systemRandom.uuid(), generation: 1, labels: { app: name } },
    spec: {
      restartPolicy: 'Never',
      terminationGracePeriodSeconds: 1,
      containers: [{ name: 'c', image: busyboxImage, command: ['sh', '-c', script], ...container }],
      ...spec,
    },
  };
}

function statusOf(pod: V1Pod) {
  return link.statuses.get(pod.metadata?.uid ?? '');
}

function stateOf(pod: V1Pod) {
  return statusOf(pod)?.containerStatuses?.[0]?.state;
}

function refOf(pod: V1Pod) {
  return { namespace: 'ns', name: pod.metadata?.name ?? '', uid: pod.metadata?.uid ?? '' };
}

const running = (pod: V1Pod) => until(`${pod.metadata?.name} runs`, () => stateOf(pod)?.running !== undefined);

function channels(input?: string) {
  const out: Record<number, string> = {};
  const abort = new AbortController();
  const stream: ByteStream = {
    incoming: (async function* () {
      if (input === undefined) return;
      yield { channel: 0, data: Buffer.from(input) };
      yield { channel: 0, end: true as const };
    })(),
    write: async (channel, data) => {
      out[channel] = (out[channel] ?? '') + Buffer.from(data).toString();
    },
    accept: () => {},
    endChannel: () => {},
    close: () => abort.abort(),
    closed: abort.signal,
  };
  return { out, stream };
}

async function logs(pod: V1Pod, more: Partial<LogsRequest> = {}): Promise<string> {
  const { out, stream } = channels();
  const request = { pod: refOf(pod), container: 'c', follow: false, previous: false, timestamps: false, ...more };
  await link.handlers?.logs(request, stream);
  return out[0] ?? '';
}

/** Runs a pod to its end and answers what it wrote. */
async function output(pod: V1Pod): Promise<string> {
  pods().set(pod);
  await until(`${pod.metadata?.name} ends`, () => ['Succeeded', 'Failed'].includes(statusOf(pod)?.phase ?? ''));
  return logs(pod);
}

describe('a node on containerd', () => {
  it(
    'keeps a container within its limits and reports its end',
    async () => {
      const pod = podOf('limits', 'head -c 80000000 /dev/zero | tail', {
        resources: { limits: { cpu: '200m', memory: '16Mi' } },
      });
      await output(pod);
      expect(stateOf(pod)?.terminated).toMatchObject({ reason: 'OOMKilled', exitCode: 137 });
      expect(statusOf(pod)).toMatchObject({ phase: 'Failed', qosClass: 'Guaranteed' });
    },
    testMsMax,
  );

  it(
    'throttles to the CPU limit',
    async () => {
      const pod = podOf('throttle', 'while :; do :; done', { resources: { limits: { cpu: '100m' } } });
      pods().set(pod);
      await running(pod);
      const id = statusOf(pod)?.containerStatuses?.[0]?.containerID?.split('//')[1];
      const path = `${cgroup}/kubepods/burstable/pod${pod.metadata?.uid}/${id}`;
      const from = tree.usage(path)?.cpuNanoseconds ?? 0;
      await sleep(systemClock, 2000);
      const cpus = ((tree.usage(path)?.cpuNanoseconds ?? 0) - from) / 2e9;
      expect(cpus).toBeGreaterThan(0.05);
      expect(cpus).toBeLessThan(0.13);
      const metrics = await link.handlers?.http({ method: 'GET', path: '/metrics/cadvisor' });
      expect(Buffer.from(metrics?.body ?? []).toString()).toMatch(
        /container_cpu_cfs_throttled_periods_total\{.*pod="throttle"\} [1-9]/,
      );
    },
    testMsMax,
  );

  it(
    'hands over environment, volumes and identity',
    async () => {
      link.mirror<V1ConfigMap>('configmaps').set({ metadata: { namespace: 'ns', name: 'm' }, data: { k: 'from-map' } });
      const pod = podOf(
        'all',
        'echo $A $IP; id; hostname; cat /m/k /d/labels /t/token; stat -f -c %T /e; grep NoNewPrivs /proc/self/status; touch /x',
        {
          env: [
            { name: 'A', valueFrom: { configMapKeyRef: { name: 'm', key: 'k' } } },
            { name: 'IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
          ],
          volumeMounts: ['m', 'd', 't', 'e'].map((name) => ({ name, mountPath: `/${name}` })),
          securityContext: { readOnlyRootFilesystem: true, allowPrivilegeEscalation: false },
        },
        {
          hostname: 'host',
          securityContext: { runAsUser: 1000, runAsGroup: 1001, fsGroup: 7 },
          volumes: [
            { name: 'm', configMap: { name: 'm' } },
            { name: 'd', downwardAPI: { items: [{ path: 'labels', fieldRef: { fieldPath: 'metadata.labels' } }] } },
            { name: 't', projected: { sources: [{ serviceAccountToken: { path: 'token' } }] } },
            { name: 'e', emptyDir: { medium: 'Memory', sizeLimit: '8Mi' } },
          ],
        },
      );
      const text = await output(pod);
      for (const part of [
        'from-map 10.178.9.',
        'uid=1000 gid=1001 groups=7,1001',
        'host\n',
        'app="all"',
        'a.test.token',
        'tmpfs',
        'NoNewPrivs:\t1',
        'Read-only file system',
      ]) {
        expect(text).toContain(part);
      }
    },
    testMsMax,
  );

  it(
    'runs init containers in order beside a sidecar',
    async () => {
      const shared = { image: busyboxImage, volumeMounts: [{ name: 'v', mountPath: '/v' }] };
      const pod = podOf('init', 'cat /v/x', shared, {
        initContainers: [
          { name: 'one', ...shared, command: ['sh', '-c', 'echo one > /v/x'] },
          {
            name: 'side',
            ...shared,
            restartPolicy: 'Always',
            command: ['sh', '-c', 'trap "exit 0" TERM; while :; do sleep 0.1; done'],
          },
          { name: 'two', ...shared, command: ['sh', '-c', 'echo two >> /v/x'] },
        ],
        volumes: [{ name: 'v', emptyDir: {} }],
      });
      expect(await output(pod)).toBe('one\ntwo\n');
      expect(statusOf(pod)?.phase).toBe('Succeeded');
    },
    testMsMax,
  );

  it(
    'restarts with a back-off and keeps the last log',
    async () => {
      const pod = podOf('crash', 'echo words | tee /dev/termination-log; exit 3', {}, { restartPolicy: 'Always' });
      pods().set(pod);
      await until('it is held back', () => stateOf(pod)?.waiting?.reason === 'CrashLoopBackOff');
      expect(statusOf(pod)?.containerStatuses?.[0]).toMatchObject({
        restartCount: 1,
        lastState: { terminated: { exitCode: 3, message: 'words\n' } },
      });
      expect(await logs(pod, { previous: true })).toBe('words\n');
    },
    testMsMax,
  );

  it(
    'probes, execs and forwards a port',
    async () => {
      const script = 'mkdir /tmp/w; echo page > /tmp/w/index.html; exec busybox httpd -f -p 8080 -h /tmp/w';
      const readinessProbe = { httpGet: { port: 8080, path: '/' }, periodSeconds: 1 };
      const pod = podOf('web', script, { readinessProbe }, { restartPolicy: 'Always' });
      pods().set(pod);
      await until('it is ready', () => statusOf(pod)?.containerStatuses?.[0]?.ready === true);
      const exec = channels('input');
      const how = { stdin: true, stdout: true, stderr: true, tty: false };
      await link.handlers?.exec(
        { pod: refOf(pod), container: 'c', command: ['sh', '-c', 'cat; exit 4'], ...how },
        exec.stream,
      );
      expect(exec.out[1]).toBe('input');
      expect(JSON.parse(exec.out[3] ?? '{}')).toMatchObject({ status: 'Failure', reason: 'NonZeroExitCode' });
      const forward = channels('GET / HTTP/1.0\r\n\r\n');
      await link.handlers?.portForward({ pod: refOf(pod), port: 8080 }, forward.stream);
      expect(forward.out[0]).toContain('page');
    },
    testMsMax,
  );

  it(
    'shows an image as a volume, and counts what a container writes beside its volumes',
    async () => {
      const script = 'ls /image; touch /image/x || echo read-only; head -c 5000000 /dev/zero > /big; sleep 1000';
      const pod = podOf(
        'image',
        script,
        { volumeMounts: [{ name: 'i', mountPath: '/image' }] },
        { volumes: [{ name: 'i', image: { reference: busyboxImage, pullPolicy: 'Never' } }] },
      );
      pods().set(pod);
      await running(pod);
      await until('it has looked', async () => (await logs(pod)).includes('read-only'));
      expect(await logs(pod)).toContain('etc\n');
      const id = statusOf(pod)?.containerStatuses?.[0]?.containerID?.split('//')[1] ?? '';
      await until('it is counted', async () => (await runtime.writtenBytes(id)) >= 5_000_000);
    },
    testMsMax,
  );

  it(
    'is adopted by the next agent with no restart, and leaves nothing when it goes',
    async () => {
      const pod = podOf('keep', 'sleep 1000', {}, { restartPolicy: 'Always' });
      pods().set(pod);
      await running(pod);
      const id = statusOf(pod)?.containerStatuses?.[0]?.containerID;
      await agent.stop();
      const before = pods().list();
      link = new FakeLink();
      for (const known of before) pods().set(known);
      await startAgent();
      await running(pod);
      expect(statusOf(pod)?.containerStatuses?.[0]).toMatchObject({ containerID: id, restartCount: 0 });
      const { uid = '' } = pod.metadata ?? {};
      pods().set({
        ...pod,
        metadata: { ...pod.metadata, deletionTimestamp: '2026-01-01T00:00:00Z', deletionGracePeriodSeconds: 1 },
      });
      await until('it is gone', () => link.gone.includes(uid));
      expect(existsSync(join(home, 'pods', uid))).toBe(false);
      expect(readFileSync('/proc/self/mountinfo', 'utf8')).not.toContain(uid);
      expect(tree.usage(`${cgroup}/kubepods/besteffort/pod${uid}`)).toBeUndefined();
    },
    testMsMax,
  );
});
