import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FakeLink } from '../../test/support/fake-link.ts';
import { containerOf, podOf } from '../../test/support/observed.ts';
import type { V1Pod, V1PodSpec, V1Service } from '../api/gen/types.ts';
import type { ImageInfo } from '../runtime/runtime.ts';
import { containerEnvironment } from './env.ts';
import { fieldValue, resourceValue } from './fieldref.ts';
import { hostsText } from './hosts.ts';
import { imagesToRemove } from './imagegc.ts';
import { NodeObjects, referencesOf } from './objects.ts';
import { podDns } from './resolver.ts';
import { sandboxConfigOf } from './sandbox.ts';
import { containerSecurity, refuseRoot } from './security.ts';
import { prometheusText } from './stats/text.ts';

const facts = (pod: V1Pod) => ({
  pod,
  podIps: ['10.0.0.5'],
  hostIps: ['192.168.0.1'],
  nodeCpuMillis: 2000,
  nodeMemoryBytes: 2 ** 30,
});
const image: ImageInfo = { id: 'i', tags: [], digests: [], sizeBytes: 10, username: '', pinned: false };

describe('fieldValue', () => {
  const pod: V1Pod = {
    metadata: { name: 'p', namespace: 'ns', uid: 'u', labels: { b: '2', a: '1' }, annotations: { 'x/y': 'a"b' } },
    spec: { containers: [], nodeName: 'n1', serviceAccountName: 'sa' },
  };
  it.each([
    ['metadata.name', 'p'],
    ['metadata.namespace', 'ns'],
    ['metadata.uid', 'u'],
    ["metadata.labels['a']", '1'],
    ["metadata.annotations['x/y']", 'a"b'],
    ['metadata.labels', 'a="1"\nb="2"'],
    ['spec.nodeName', 'n1'],
    ['spec.serviceAccountName', 'sa'],
    ['status.podIP', '10.0.0.5'],
    ['status.hostIP', '192.168.0.1'],
  ])('%s', (fieldPath, value) => expect(fieldValue(facts(pod), { fieldPath })).toBe(value));

  it('says what it cannot read', () => {
    expect(() => fieldValue(facts(pod), { fieldPath: 'spec.x' })).toThrow('unsupported fieldPath: spec.x');
  });
});

describe('resourceValue', () => {
  const container = containerOf('c', { resources: { limits: { cpu: '1250m' }, requests: { memory: '10M' } } });
  it.each([
    ['limits.cpu', undefined, '2'],
    ['limits.cpu', '1m', '1250'],
    ['requests.memory', '1Mi', '10'],
    ['limits.memory', undefined, String(2 ** 30)],
    ['requests.cpu', undefined, '0'],
  ])('%s in units of %s', (resource, divisor, value) => {
    expect(resourceValue(facts(podOf()), container, { resource, divisor })).toBe(value);
  });
});

describe('containerEnvironment', () => {
  const link = new FakeLink();
  link.mirror('configmaps').set({ metadata: { namespace: 'ns', name: 'm' }, ...{ data: { K: 'v', L: 'w' } } });
  const service = (namespace: string, name: string): V1Service => ({
    metadata: { namespace, name },
    spec: { clusterIP: '10.96.0.7', ports: [{ name: 'web', port: 80, protocol: 'TCP' }] },
  });
  link.mirror<V1Service>('services').set(service('default', 'kubernetes'));
  link.mirror<V1Service>('services').set(service('ns', 'my-app'));
  const environment = async (container: Parameters<typeof containerOf>[1], spec: Partial<V1PodSpec> = {}) => {
    const inputs = { ...facts(podOf(spec)), container: containerOf('c', container), objects: new NodeObjects(link) };
    return Object.fromEntries(await containerEnvironment(inputs));
  };

  it('knows the services of its namespace and the API', async () => {
    expect(await environment({})).toMatchObject({
      KUBERNETES_SERVICE_HOST: '10.96.0.7',
      MY_APP_SERVICE_PORT_WEB: '80',
      MY_APP_PORT_80_TCP_ADDR: '10.96.0.7',
    });
  });

  it('knows only the API where links are off', async () => {
    const names = Object.keys(await environment({}, { enableServiceLinks: false }));
    expect(names.every((name) => name.startsWith('KUBERNETES_'))).toBe(true);
  });

  it('takes later values and lets them refer to earlier ones', async () => {
    const env = [
      { name: 'K', value: 'own' },
      { name: 'REF', value: '$(K)-$(P_L)-$(NO)' },
    ];
    const envFrom = [{ configMapRef: { name: 'm' } }, { prefix: 'P_', configMapRef: { name: 'm' } }];
    expect(await environment({ envFrom, env })).toMatchObject({ K: 'own', L: 'w', REF: 'own-w-$(NO)' });
  });

  it.each([
    ['a missing map', { configMapRef: { name: 'no' } }, 'configmap "no" not found'],
    ['a missing secret', { secretRef: { name: 'no' } }, 'secret "no" not found'],
  ])('refuses %s', async (_, source, message) => {
    await expect(environment({ envFrom: [source] })).rejects.toThrow(message);
    const optional = { configMapRef: { name: 'no', optional: true } };
    await expect(environment({ envFrom: [optional] })).resolves.toBeDefined();
  });

  it('refuses a missing key', async () => {
    const env = [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'm', key: 'no' } } }];
    await expect(environment({ env })).rejects.toThrow("couldn't find key no in ConfigMap ns/m");
  });
});

describe('podDns', () => {
  let directory: string;
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'berth-dns-'));
    writeFileSync(join(directory, 'resolv.conf'), 'nameserver 1.1.1.1\nsearch home.example\noptions edns0\n');
  });
  afterAll(() => rmSync(directory, { recursive: true }));
  const dnsConfig = { nameservers: ['9.9.9.9'], searches: ['x.example'], options: [{ name: 'ndots', value: '2' }] };
  const cluster = ['ns.svc.cluster.local', 'svc.cluster.local', 'cluster.local', 'home.example'];
  const cases: Array<[string, Partial<V1PodSpec>, { servers: string[]; searches: string[]; options: string[] }]> = [
    ['the cluster first', {}, { servers: ['10.96.0.10'], searches: cluster, options: ['ndots:5'] }],
    [
      'the node as it is',
      { dnsPolicy: 'Default' },
      { servers: ['1.1.1.1'], searches: ['home.example'], options: ['edns0'] },
    ],
    [
      'the node for pods on its network',
      { hostNetwork: true },
      { servers: ['1.1.1.1'], searches: ['home.example'], options: ['edns0'] },
    ],
    [
      'the cluster on the network of the node',
      { hostNetwork: true, dnsPolicy: 'ClusterFirstWithHostNet' },
      { servers: ['10.96.0.10'], searches: cluster, options: ['ndots:5'] },
    ],
    [
      'the pod alone',
      { dnsPolicy: 'None', dnsConfig },
      { servers: ['9.9.9.9'], searches: ['x.example'], options: ['ndots:2'] },
    ],
    [
      'the cluster and the pod',
      { dnsConfig },
      { servers: ['10.96.0.10', '9.9.9.9'], searches: [...cluster, 'x.example'], options: ['ndots:2'] },
    ],
  ];
  it.each(cases)('asks %s', (_, spec, expected) => {
    const dns = { servers: ['10.96.0.10'], domain: 'cluster.local', resolvConf: join(directory, 'resolv.conf') };
    expect(podDns(podOf(spec), dns)).toEqual(expected);
  });
});

describe('hostsText', () => {
  it('names the pod and its aliases', () => {
    const pod = podOf({ hostname: 'h', subdomain: 's', hostAliases: [{ ip: '1.2.3.4', hostnames: ['a', 'b'] }] });
    const text = hostsText(pod, ['10.0.0.5'], 'cluster.local', '');
    expect(text.startsWith('# Kubernetes-managed hosts file.\n127.0.0.1\tlocalhost\n')).toBe(true);
    expect(text).toContain('10.0.0.5\th.s.ns.svc.cluster.local\th\n');
    expect(text.endsWith('\n# Entries added by HostAliases.\n1.2.3.4\ta\tb\n')).toBe(true);
  });

  it('is the file of the node on its network', () => {
    const text = hostsText(podOf({ hostNetwork: true }), [], 'cluster.local', '127.0.0.1 localhost\n');
    expect(text).toBe('# Kubernetes-managed hosts file (host network).\n127.0.0.1 localhost\n');
  });
});

describe('security', () => {
  it.each([
    [
      'an image of root',
      {},
      {},
      'container has runAsNonRoot and image will run as root (pod: "p_ns(u)", container: c)',
    ],
    [
      'the user root',
      { runAsUser: 0 },
      {},
      'container\'s runAsUser breaks non-root policy (pod: "p_ns(u)", container: c)',
    ],
    [
      'a user by name',
      {},
      { username: 'app' },
      'container has runAsNonRoot and image has non-numeric user (app), cannot verify user is non-root (pod: "p_ns(u)", container: c)',
    ],
    ['nothing of another user', { runAsUser: 1 }, {}, undefined],
    ['nothing of an image of another user', {}, { uid: 5 }, undefined],
  ])('refuses %s', (_, context, ofImage, refusal) => {
    const container = containerOf('c', { securityContext: { runAsNonRoot: true, ...context } });
    expect(refuseRoot(podOf(), container, { ...image, ...ofImage })).toBe(refusal);
  });

  it('takes the settings of the container before those of the pod', () => {
    const pod = podOf({
      securityContext: {
        runAsUser: 1,
        runAsGroup: 2,
        fsGroup: 3,
        supplementalGroups: [4],
        seccompProfile: { type: 'RuntimeDefault' },
      },
    });
    const own = {
      runAsUser: 9,
      allowPrivilegeEscalation: false,
      capabilities: { add: ['CAP_NET_ADMIN'], drop: ['all'] },
    };
    expect(containerSecurity(pod, containerOf('c', { securityContext: own }), image)).toMatchObject({
      runAsUser: 9,
      runAsGroup: 2,
      supplementalGroups: [4, 3],
      noNewPrivileges: true,
      addCapabilities: ['NET_ADMIN'],
      dropCapabilities: ['ALL'],
      seccomp: { type: 'RuntimeDefault' },
    });
  });

  it('is open where nothing is said', () => {
    const security = containerSecurity(podOf(), containerOf('c'), image);
    expect(security).toMatchObject({ privileged: false, runAsUser: 0, seccomp: { type: 'Unconfined' } });
  });
});

describe('sandboxConfigOf', () => {
  const config = (spec: Partial<V1PodSpec>) =>
    sandboxConfigOf({
      pod: podOf(spec),
      attempt: 0,
      cgroupParent: '/x',
      logDirectory: '/l',
      dns: { servers: [], domain: 'd', resolvConf: '/dev/null' },
    });

  it('shares what the pod shares', () => {
    expect(config({ hostNetwork: true, hostPID: true, hostIPC: true })).toMatchObject({
      hostname: '',
      security: { namespaces: { network: 'node', pid: 'node', ipc: 'node' } },
    });
    expect(config({ shareProcessNamespace: true }).security.namespaces.pid).toBe('pod');
  });

  it('maps host ports', () => {
    const containers = [containerOf('c', { ports: [{ containerPort: 80, hostPort: 8080 }, { containerPort: 81 }] })];
    const mapping = { protocol: 'TCP', containerPort: 80, hostPort: 8080, hostIp: '' };
    expect(config({ containers }).portMappings).toEqual([mapping]);
  });

  it('refuses a full name that is too long', () => {
    const spec = { setHostnameAsFQDN: true, hostname: 'h'.repeat(60), subdomain: 'sub' };
    expect(() => config(spec)).toThrow('too long (64 characters is the max');
  });
});

describe('referencesOf', () => {
  it('finds every map and secret', () => {
    const container = containerOf('c', {
      envFrom: [{ secretRef: { name: 'a' } }],
      env: [{ name: 'X', valueFrom: { configMapKeyRef: { name: 'b', key: 'k' } } }],
    });
    const volumes = [{ name: 'v', projected: { sources: [{ secret: { name: 'c' } }, { configMap: { name: 'd' } }] } }];
    const { configMaps, secrets } = referencesOf(
      podOf({ initContainers: [container], volumes, imagePullSecrets: [{ name: 'e' }] }),
    );
    expect([[...configMaps], [...secrets]]).toEqual([
      ['b', 'd'],
      ['a', 'c', 'e'],
    ]);
  });
});

describe('imagesToRemove', () => {
  it('takes the longest unused first, and none that runs, is pinned or new', () => {
    const images = ['old', 'older', 'used', 'pinned', 'new'].map((id) => ({ ...image, id, pinned: id === 'pinned' }));
    const lastUsedMs = new Map([
      ['old', 200],
      ['older', 100],
      ['new', 999_999],
    ]);
    const use = { images, used: new Set(['used']), lastUsedMs, nowMs: 1_000_000 };
    const ids = (bytesWanted: number) => imagesToRemove({ ...use, bytesWanted }).map(({ id }) => id);
    expect(ids(10)).toEqual(['older']);
    expect(ids(1000)).toEqual(['older', 'old']);
  });
});

describe('prometheusText', () => {
  it('escapes labels and leaves out empty families', () => {
    const samples = [{ labels: { a: 'x"y\\z\n' }, value: 1.5 }];
    const text = prometheusText([
      { name: 'm', help: 'h', type: 'gauge', samples },
      { name: 'n', help: 'h', type: 'gauge', samples: [] },
    ]);
    expect(text).toBe('# HELP m h\n# TYPE m gauge\nm{a="x\\"y\\\\z\\n"} 1.5\n');
  });
});
