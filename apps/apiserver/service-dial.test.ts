import { type AddressInfo, createServer, type Server } from 'node:net';
import { PassThrough } from 'node:stream';
import type { KubeObject } from '../../libs/api/meta.ts';
import { seededRandom } from '../../libs/base/random.ts';
import type { ObjectReader } from '../../libs/cache/object-reader.ts';
import { serviceDial } from './service-dial.ts';

const service = (spec: object) => ({ metadata: { name: 's', namespace: 'x' }, spec });
const ports = [{ name: 'web', port: 443, targetPort: 8443 }];
const slice = (endpoints: object[], port = 8443, name = 'web') => ({
  metadata: { name: 's-1', namespace: 'x', labels: { 'kubernetes.io/service-name': 's' } },
  ports: [{ name, port }],
  endpoints,
});
const pod = { metadata: { name: 'p', namespace: 'x' }, spec: { nodeName: 'n1', containers: [] } };
const behindPod = { addresses: ['10.0.0.1'], conditions: { ready: true }, targetRef: { kind: 'Pod', name: 'p' } };

function readerOf(objects: Record<string, KubeObject[]>): ObjectReader {
  const keyOf = ({ metadata }: KubeObject) => `${metadata?.namespace}/${metadata?.name}`;
  return {
    get: <T extends KubeObject>(_: string, plural: string, key: string) =>
      objects[plural]?.find((one) => keyOf(one) === key) as T | undefined,
    list: <T extends KubeObject>(_: string, plural: string) => (objects[plural] ?? []) as T[],
    version: () => 1,
  };
}

describe('a Service', () => {
  const opened: string[] = [];
  const extensions = [
    {
      name: 'tunnel',
      async connectPod({ metadata }: KubeObject, port: number) {
        opened.push(`${metadata?.name}:${port}`);
        return new PassThrough();
      },
    },
  ];
  const dial = (objects: Record<string, object[]>, port = 443) =>
    serviceDial({ objects: readerOf(objects as Record<string, KubeObject[]>), random: seededRandom(1), extensions })({
      namespace: 'x',
      name: 's',
      port,
    });

  it('is reached through the node of a pod that is ready', async () => {
    const unready = { ...behindPod, conditions: { ready: false }, targetRef: { kind: 'Pod', name: 'q' } };
    await dial({ services: [service({ ports })], endpointslices: [slice([unready, behindPod])], pods: [pod] });
    expect(opened).toEqual(['p:8443']);
  });

  it.each<[string, Record<string, object[]>, number, RegExp]>([
    ['does not exist', {}, 443, /service "s" not found/],
    ['has no such port', { services: [service({ ports })] }, 80, /no service port 80/],
    [
      'has nobody behind it',
      { services: [service({ ports })], endpointslices: [slice([])] },
      443,
      /no endpoints available/,
    ],
    [
      'has another port behind it',
      { services: [service({ ports })], endpointslices: [slice([behindPod], 1, 'other')], pods: [pod] },
      443,
      /no endpoints available/,
    ],
  ])('that %s is told so', async (_, objects, port, message) => {
    await expect(dial(objects, port)).rejects.toThrow(message);
  });

  describe('elsewhere', () => {
    let server: Server;

    beforeAll(async () => {
      server = createServer((socket) => socket.end('hello'));
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    });

    afterAll(() => server.close());

    it.each(['ExternalName', 'ClusterIP'])('is reached at its own address (%s)', async (type) => {
      const { port } = server.address() as AddressInfo;
      const external = { services: [service({ type, externalName: '127.0.0.1' })] };
      const address = { addresses: ['127.0.0.1'], conditions: {} };
      const plain = {
        services: [service({ ports: [{ port, name: 'web' }] })],
        endpointslices: [slice([address], port)],
      };
      const connection = await dial(type === 'ExternalName' ? external : plain, port);
      const parts: Buffer[] = [];
      for await (const part of connection) parts.push(part as Buffer);
      expect(Buffer.concat(parts).toString()).toBe('hello');
    });
  });
});
