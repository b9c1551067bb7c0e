import type { V1Pod } from '../../libs/api/gen/types.ts';
import { Cluster, eventually } from './cluster.ts';

const cluster = Cluster.shared();
let namespace = '';
const k = (args: string) => cluster.kubectl(`-n ${namespace} ${args}`);
const pod = (name: string) => cluster.get<V1Pod>(`pod ${name} -n ${namespace}`);

function busybox(
  name: string,
  options: { script: string; limits: string; restartPolicy?: string; extra?: string },
): string {
  return `
apiVersion: v1
kind: Pod
metadata: { name: ${name} }
spec:
  restartPolicy: ${options.restartPolicy ?? 'Never'}
  terminationGracePeriodSeconds: 1
  containers:
    - name: c
      image: localhost/berth/busybox:1
      command: [sh, -c, '${options.script}']
      resources: { limits: ${options.limits} }
      ${options.extra ?? ''}
`;
}

beforeAll(async () => {
  namespace = await cluster.makeNamespace('limits');
});
afterAll(() => cluster.dropNamespace(namespace));

describe('limits', () => {
  it('kills a container that takes more memory than its limit and says so', async () => {
    await cluster.apply(namespace, busybox('hungry', { script: 'exec tail /dev/zero', limits: '{ memory: 24Mi }' }));
    await eventually(async () => {
      const { state } = (await pod('hungry')).status?.containerStatuses?.[0] ?? {};
      expect(state?.terminated).toMatchObject({ reason: 'OOMKilled', exitCode: 137 });
    });
  });

  it('throttles a container to its CPU limit', async () => {
    await cluster.apply(namespace, busybox('busy', { script: 'while :; do :; done', limits: '{ cpu: 200m }' }));
    await k('wait --for=condition=Ready pod/busy --timeout=30s');
    const usage = async () => {
      const program =
        'cat /sys/fs/cgroup/cpuacct/cpuacct.usage 2>/dev/null || sed -n "s/usage_usec \\(.*\\)/\\1000/p" /sys/fs/cgroup/cpu.stat';
      const uptime = async () => Number((await k('exec busy -- cat /proc/uptime')).split(' ')[0]);
      const before = await uptime();
      const nanoseconds = Number(await k(`exec busy -- sh -c '${program}'`));
      return { seconds: (before + (await uptime())) / 2, nanoseconds };
    };
    const first = await usage();
    await k('exec busy -- sleep 4');
    const second = await usage();
    const share = (second.nanoseconds - first.nanoseconds) / 1e9 / (second.seconds - first.seconds);
    expect(share).toBeGreaterThan(0.1);
    expect(share).toBeLessThan(0.26);
    await k('delete pod busy --now');
  });

  it('restarts a container that fails, with back-off, and says so', async () => {
    await cluster.apply(
      namespace,
      busybox('broken', { script: 'exit 3', limits: '{ cpu: 50m }', restartPolicy: 'Always' }),
    );
    await eventually(async () => {
      const status = (await pod('broken')).status?.containerStatuses?.[0];
      expect(status?.restartCount).toBeGreaterThanOrEqual(1);
      expect(status?.state?.waiting?.reason).toBe('CrashLoopBackOff');
      expect(status?.lastState?.terminated?.exitCode).toBe(3);
    }, 60_000);
  });

  it('restarts a container whose liveness probe fails', async () => {
    const extra = 'livenessProbe: { exec: { command: [cat, /tmp/alive] }, periodSeconds: 1, failureThreshold: 2 }';
    const script = 'touch /tmp/alive; sleep 4; rm /tmp/alive; sleep 600';
    await cluster.apply(namespace, busybox('ill', { script, limits: '{ cpu: 50m }', restartPolicy: 'Always', extra }));
    await eventually(
      async () => expect((await pod('ill')).status?.containerStatuses?.[0]?.restartCount).toBeGreaterThanOrEqual(1),
      60_000,
    );
    expect(await k('get events --field-selector involvedObject.name=ill')).toMatch(
      /Unhealthy[\s\S]*Killing|Killing[\s\S]*Unhealthy/,
    );
  });

  it('leaves a pod that fits nowhere pending, says why, and places it once it fits', async () => {
    await cluster.apply(namespace, busybox('large', { script: 'sleep 600', limits: '{ memory: 900Gi }' }));
    await eventually(async () => {
      const condition = (await pod('large')).status?.conditions?.find(({ type }) => type === 'PodScheduled');
      expect(condition).toMatchObject({
        status: 'False',
        reason: 'Unschedulable',
        message: expect.stringMatching(/^0\/3 nodes are available: 3 Insufficient memory/),
      });
    });
    await cluster.kubectl('label node node-2 berth-test-disk=fast');
    const picky = busybox('picky', { script: 'sleep 600', limits: '{ cpu: 10m }' }).replace(
      'spec:',
      'spec:\n  nodeSelector: { berth-test-disk: slow }',
    );
    await cluster.apply(namespace, picky);
    await eventually(async () =>
      expect(await k('describe pod picky')).toMatch(/FailedScheduling.*didn't match Pod's node affinity\/selector/),
    );
    await cluster.kubectl('label node node-2 berth-test-disk=slow --overwrite');
    await k('wait --for=condition=Ready pod/picky --timeout=20s');
    expect((await pod('picky')).spec?.nodeName).toBe('node-2');
    await cluster.kubectl('label node node-2 berth-test-disk-');
  });
});
