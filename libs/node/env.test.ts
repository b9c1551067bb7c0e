import { FakeLink } from '../../test/support/fake-link.ts';
import { containerOf, podOf } from '../../test/support/observed.ts';
import type { V1EnvVar, V1Pod, V1PodSpec, V1Service } from '../api/gen/types.ts';
import { containerEnvironment } from './env.ts';
import { fieldValue, resourceValue } from './fieldref.ts';
import { NodeObjects } from './objects.ts';

const facts = (pod: V1Pod) => ({
  pod,
  podIps: ['10.0.0.5'],
  hostIps: ['192.168.0.1'],
  nodeCpuMillis: 2000,
  nodeMemoryBytes: 2 ** 30,
});
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
  const hidden = Buffer.from('hidden').toString('base64');
  link.mirror('secrets').set({ metadata: { namespace: 'ns', name: 's' }, ...{ data: { K: hidden } } });
  const service = (namespace: string, name: string): V1Service => ({
    metadata: { namespace, name },
    spec: { clusterIP: '10.96.0.7', ports: [{ name: 'web', port: 80, protocol: 'TCP' }] },
  });
  link.mirror<V1Service>('services').set(service('default', 'kubernetes'));
  link.mirror<V1Service>('services').set(service('ns', 'my-app'));
  const environment = async (container: Parameters<typeof containerOf>[1], spec: Partial<V1PodSpec> = {}) => {
    const inputs = { ...facts(podOf(spec)), container: containerOf('c', container), objects: new NodeObjects(link) };
    return Object.fromEntries(await containerEnvironment({ ...inputs, volumePath: () => undefined }));
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

  const limited = containerOf('c', { resources: { limits: { cpu: '3' } } });
  it.each<[string, NonNullable<V1EnvVar['valueFrom']>, string | undefined]>([
    ['a key of a map', { configMapKeyRef: { name: 'm', key: 'K' } }, 'v'],
    ['an optional key that is missing', { configMapKeyRef: { name: 'm', key: 'no', optional: true } }, undefined],
    ['a key of an optional map', { configMapKeyRef: { name: 'no', key: 'K', optional: true } }, undefined],
    ['a key of a secret', { secretKeyRef: { name: 's', key: 'K' } }, 'hidden'],
    ['an optional key of a secret', { secretKeyRef: { name: 's', key: 'no', optional: true } }, undefined],
    ['a key of an optional secret', { secretKeyRef: { name: 'no', key: 'K', optional: true } }, undefined],
    ['a field', { fieldRef: { fieldPath: 'metadata.name' } }, 'p'],
    ['a limit of another container', { resourceFieldRef: { containerName: 'c', resource: 'limits.cpu' } }, '3'],
    ['what the node has where there is no limit', { resourceFieldRef: { resource: 'limits.cpu' } }, '2'],
    ['nothing', {}, undefined],
  ])('takes %s', async (_, valueFrom, value) => {
    const found = await environment({ env: [{ name: 'A', valueFrom }] }, { containers: [limited] });
    expect(found.A).toBe(value);
  });

  it.each<[NonNullable<V1EnvVar['valueFrom']>, string]>([
    [{ configMapKeyRef: { name: 'm', key: 'no' } }, "couldn't find key no in ConfigMap ns/m"],
    [{ configMapKeyRef: { name: 'no', key: 'K' } }, 'configmap "no" not found'],
    [{ secretKeyRef: { name: 's', key: 'no' } }, "couldn't find key no in Secret ns/s"],
    [{ secretKeyRef: { name: 'no', key: 'K' } }, 'secret "no" not found'],
    [{ fieldRef: { fieldPath: 'spec.x' } }, 'unsupported fieldPath: spec.x'],
  ])('refuses %j', async (valueFrom, message) => {
    await expect(environment({ env: [{ name: 'A', valueFrom }] })).rejects.toThrow(message);
  });

  it('takes all of a secret', async () => {
    const envFrom = [{ prefix: 'P_', secretRef: { name: 's' } }, { secretRef: { name: 'no', optional: true } }, {}];
    expect(await environment({ envFrom })).toMatchObject({ P_K: 'hidden' });
  });
});
