import { asks, bodyOf, deletes, openScratchRegistry, type ScratchRegistry } from '../../test/support/registry.ts';
import type { V1Service } from '../api/gen/types.ts';

describe('service addresses', () => {
  let scratch: ScratchRegistry;

  beforeEach(async () => {
    scratch = await openScratchRegistry();
  });

  afterEach(() => scratch.close());

  const create = (plural: string, object: object, more = {}) =>
    scratch.service(plural).create({ namespace: 'x' }, bodyOf(object), asks(more));
  const at = (name: string) => ({ namespace: 'x', name });
  const service = (name: string, spec: object = {}) => ({
    kind: 'Service',
    apiVersion: 'v1',
    metadata: { name },
    spec: { selector: { app: 'x' }, ports: [{ port: 80 }], ...spec },
  });

  it('hands out each address once, under load, and takes it back', async () => {
    const created = await Promise.all(Array.from({ length: 60 }, (_, n) => create('services', service(`s${n}`))));
    const addresses = created.map((document) => (document.object as V1Service).spec?.clusterIP);
    expect(new Set(addresses).size).toBe(60);
    await scratch.service('services').delete(at('s0'), deletes());
    const again = await create('services', service('again', { clusterIP: addresses[0] }));
    expect((again.object as V1Service).spec?.clusterIP).toBe(addresses[0]);
  });

  const refused = [{ clusterIP: '10.97.0.1' }, { clusterIP: 'taken' }];
  it.each(refused)('refuses %j', async ({ clusterIP }) => {
    const first = await create('services', service('first'));
    const asked = clusterIP === 'taken' ? (first.object as V1Service).spec?.clusterIP : clusterIP;
    await expect(create('services', service('second', { clusterIP: asked }))).rejects.toMatchObject({
      details: { causes: [{ field: 'spec.clusterIPs' }] },
    });
  });

  it.each([
    [{ ipFamilies: ['IPv6'] }, 'spec.ipFamilies[0]'],
    [{ ipFamilies: ['IPv4', 'IPv6'] }, 'spec.ipFamilyPolicy'],
    [{ ipFamilyPolicy: 'RequireDualStack' }, 'spec.ipFamilyPolicy'],
    [{ clusterIP: 'fd00::1' }, 'spec.clusterIPs[0]'],
  ])('refuses %j, which is of another family than the cluster', async (spec, field) => {
    await expect(create('services', service('other', spec))).rejects.toMatchObject({
      details: { causes: [{ field }] },
    });
  });

  it('gives a port for health checks to balancers that keep traffic local', async () => {
    const spec = { type: 'LoadBalancer', externalTrafficPolicy: 'Local' };
    const { object } = await create('services', service('local', spec));
    expect((object as V1Service).spec?.healthCheckNodePort).toBeGreaterThanOrEqual(30_000);
  });

  it('gives TCP and UDP of one port the same number on the nodes', async () => {
    const ports = ['TCP', 'UDP'].map((protocol) => ({ name: protocol.toLowerCase(), protocol, port: 53 }));
    const { object } = await create('services', service('dns', { type: 'NodePort', ports }));
    const [tcp, udp] = (object as V1Service).spec!.ports!;
    expect(tcp!.nodePort).toBeGreaterThanOrEqual(30_000);
    expect(udp!.nodePort).toBe(tcp!.nodePort);
  });

  it('gives node ports back when the type changes', async () => {
    const { object } = await create('services', service('s', { type: 'NodePort' }));
    const nodePort = (object as V1Service).spec?.ports?.[0]?.nodePort;
    expect(nodePort).toBeGreaterThanOrEqual(30_000);
    const { spec } = object as V1Service;
    const ports = [{ ...spec?.ports?.[0], nodePort: undefined }];
    await scratch
      .service('services')
      .update(at('s'), bodyOf({ ...object, spec: { ...spec, type: 'ClusterIP', ports } }), asks());
    const other = service('t', { type: 'NodePort', ports: [{ port: 80, nodePort }] });
    await expect(create('services', other)).resolves.toBeDefined();
  });
});
