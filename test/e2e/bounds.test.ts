import { Cluster, eventually } from './cluster.ts';

const cluster = Cluster.shared();
let namespace = '';
const k = (args: string, input?: string) => cluster.kubectl(`-n ${namespace} ${args}`, input ? { input } : {});
const complaint = async (args: string, input?: string) =>
  (await cluster.tryKubectl(`-n ${namespace} ${args}`, input ? { input } : {})).stderr;

beforeAll(async () => {
  namespace = await cluster.makeNamespace('bounds');
});
afterAll(() => cluster.dropNamespace(namespace));

const podOf = (name: string, more: object = {}) =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, labels: { app: 'b' } },
    spec: {
      terminationGracePeriodSeconds: 0,
      containers: [{ name: 'c', image: 'localhost/berth/busybox:1', command: ['sleep', '1000'], ...more }],
    },
  });

describe('a namespace with bounds', () => {
  it('fills in what pods do not say, and refuses more than its quota', async () => {
    const limits = [{ type: 'Container', default: { cpu: '40m', memory: '16Mi' }, max: { memory: '64Mi' } }];
    const range = { apiVersion: 'v1', kind: 'LimitRange', metadata: { name: 'l' }, spec: { limits } };
    await k('create -f -', JSON.stringify(range));
    await k('create quota q --hard=pods=2,limits.memory=32Mi');
    await eventually(async () => expect(await k('get quota q -o jsonpath={.status.used.pods}')).toBe('0'));
    await k('create -f -', podOf('one'));
    await k('create -f -', podOf('two'));
    expect(await complaint('create -f -', podOf('three'))).toContain(
      'pods "three" is forbidden: exceeded quota: q, requested: limits.memory=16Mi,pods=1, ' +
        'used: limits.memory=32Mi,pods=2, limited: limits.memory=32Mi,pods=2',
    );
    expect(await complaint('create -f -', podOf('big', { resources: { limits: { memory: '1Gi' } } }))).toContain(
      'maximum memory usage per Container is 64Mi, but limit is 1Gi',
    );
    expect(await k('get pod one -o jsonpath={.metadata.annotations}')).toContain('LimitRanger plugin set: cpu, memory');
    await k('wait --for=condition=Ready pod --all --timeout=30s');
  });

  it('gives back what pods took that a budget lets go', async () => {
    await k('create pdb b --selector=app=b --min-available=1');
    const allowed = () => k('get pdb b -o jsonpath={.status.disruptionsAllowed}');
    await eventually(async () => expect(await allowed()).toBe('1'));
    const evict = (name: string) => {
      const body = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name, namespace } };
      const path = `/api/v1/namespaces/${namespace}/pods/${name}/eviction`;
      return cluster.tryKubectl(`create --raw ${path} -f -`, { input: JSON.stringify(body) });
    };
    expect((await evict('one')).code).toBe(0);
    await eventually(async () => expect(await k('get quota q -o jsonpath={.status.used.pods}')).toBe('1'));
    await eventually(async () => expect(await allowed()).toBe('0'));
    expect((await evict('two')).stderr).toContain("Cannot evict pod as it would violate the pod's disruption budget");
  });

  it('holds pods to a security standard, and warns before', async () => {
    const label = `label ns ${namespace} pod-security.kubernetes.io/enforce=baseline --overwrite`;
    await cluster.kubectl(label);
    const privileged = podOf('p', { securityContext: { privileged: true } });
    expect(await complaint('create -f -', privileged)).toContain('violates PodSecurity "baseline:latest": privileged');
    const { stderr } = await cluster.tryKubectl(label.replace('baseline', 'restricted'));
    expect(stderr).toContain('violate the new PodSecurity enforce level "restricted:latest"');
    expect(stderr).toContain('two: allowPrivilegeEscalation != false, unrestricted capabilities');
  });
});
