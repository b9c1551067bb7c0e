import { FakeLink } from '../../../test/support/fake-link.ts';
import { containerOf, podOf } from '../../../test/support/observed.ts';
import type { V1PodSpec, V1Volume } from '../../api/gen/types.ts';
import { NodeObjects } from '../objects.ts';
import { hasContent, isSecret, volumeContent } from './content.ts';
import type { Tokens, TokenWish } from './tokens.ts';

const base64 = (text: string) => Buffer.from(text).toString('base64');

const link = new FakeLink();
link.mirror('configmaps').set({
  metadata: { namespace: 'ns', name: 'm' },
  ...{ data: { a: 'one', b: 'two' }, binaryData: { c: base64('three') } },
});
link.mirror('secrets').set({ metadata: { namespace: 'ns', name: 's' }, ...{ data: { k: base64('hidden') } } });

const resources = { limits: { cpu: '1500m' } };

async function filesOf(volume: Omit<V1Volume, 'name'>, spec: Partial<V1PodSpec> = {}) {
  const pod = podOf({ containers: [containerOf('c', { resources })], ...spec });
  const facts = { pod, podIps: ['10.0.0.5'], hostIps: [], nodeCpuMillis: 2000, nodeMemoryBytes: 2 ** 30 };
  const wishes: TokenWish[] = [];
  const tokens = {
    get: (_: unknown, wish: TokenWish) => {
      wishes.push(wish);
      return Promise.resolve('token');
    },
  } as unknown as Tokens;
  const files = await volumeContent({ name: 'v', ...volume }, { facts, objects: new NodeObjects(link), tokens });
  const shown = Array.from(files, ([path, { data, mode, uid }]) => {
    return `${path} ${mode.toString(8)}${uid === undefined ? '' : ` of ${uid}`}: ${Buffer.from(data).toString()}`;
  });
  return { shown, wishes };
}

const key = (name: string, more: object = {}) => ({ key: name, path: `at/${name}`, ...more });

describe('the files of a volume', () => {
  it.each<[string, Omit<V1Volume, 'name'>, string[]]>([
    ['every key of a map', { configMap: { name: 'm' } }, ['a 644: one', 'b 644: two', 'c 644: three']],
    [
      'some keys of a map',
      { configMap: { name: 'm', defaultMode: 0o400, items: [key('b'), key('c', { mode: 0o755 })] } },
      ['at/b 400: two', 'at/c 755: three'],
    ],
    ['a secret', { secret: { secretName: 's', defaultMode: 0o440 } }, ['k 440: hidden']],
    ['an optional map that is not there', { configMap: { name: 'x', optional: true } }, []],
    ['an optional map and its keys', { configMap: { name: 'x', optional: true, items: [key('a')] } }, []],
    ['an optional secret that is not there', { secret: { secretName: 'x', optional: true } }, []],
    ['optional keys', { configMap: { name: 'm', optional: true, items: [key('a'), key('z')] } }, ['at/a 644: one']],
    [
      'what is known of the pod',
      {
        downwardAPI: {
          items: [
            { path: 'name', fieldRef: { fieldPath: 'metadata.name' }, mode: 0o600 },
            { path: 'cpu', resourceFieldRef: { containerName: 'c', resource: 'limits.cpu', divisor: '1m' } },
            { path: 'other', resourceFieldRef: { containerName: 'gone', resource: 'limits.cpu' } },
            { path: 'empty' },
          ],
        },
      },
      ['name 600: p', 'cpu 644: 1500', 'other 644: 2', 'empty 644: '],
    ],
    [
      'several sources, the later over the earlier',
      {
        projected: {
          defaultMode: 0o444,
          sources: [
            { configMap: { name: 'm', items: [key('a'), key('b')] } },
            { secret: { name: 's', items: [{ key: 'k', path: 'at/b' }] } },
            { downwardAPI: { items: [{ path: 'ip', fieldRef: { fieldPath: 'status.podIP' } }] } },
          ],
        },
      },
      ['at/a 444: one', 'at/b 444: hidden', 'ip 444: 10.0.0.5'],
    ],
    ['no source at all', { projected: {} }, []],
    ['a volume without files', { emptyDir: {} }, []],
  ])('are those of %s', async (_, volume, files) => expect((await filesOf(volume)).shown).toEqual(files));

  const token = { projected: { sources: [{ serviceAccountToken: { path: 'token' } }] } };
  const users = (...ids: Array<number | undefined>) => ({
    containers: ids.map((runAsUser, at) => containerOf(`c${at}`, { securityContext: { runAsUser } })),
  });
  it.each<[string, Partial<V1PodSpec>, string]>([
    ['anybody', {}, 'token 644: token'],
    ['the one user of all containers', users(7, 7), 'token 600 of 7: token'],
    ['nobody where users differ', users(7, 8), 'token 644: token'],
    ['the user of the pod', { securityContext: { runAsUser: 5 } }, 'token 600 of 5: token'],
    ['the group of the pod', { ...users(7, 8), securityContext: { fsGroup: 9 } }, 'token 600: token'],
  ])('hold a token for %s', async (_, spec, file) => expect((await filesOf(token, spec)).shown).toEqual([file]));

  it.each([
    [{ path: 'token' }, { audiences: [], expirationSeconds: 3600 }],
    [
      { path: 'token', audience: 'vault', expirationSeconds: 600 },
      { audiences: ['vault'], expirationSeconds: 600 },
    ],
  ])('hold the token that %j asks for', async (serviceAccountToken, wish) => {
    expect((await filesOf({ projected: { sources: [{ serviceAccountToken }] } })).wishes).toEqual([wish]);
  });

  it.each<[string, Omit<V1Volume, 'name'>, string]>([
    ['a map', { configMap: { name: 'x' } }, 'configmap "x" not found'],
    ['a map without a name', { configMap: {} }, 'configmap "" not found'],
    ['a secret', { secret: { secretName: 'x' } }, 'secret "x" not found'],
    ['a projected map', { projected: { sources: [{ configMap: { name: 'x' } }] } }, 'configmap "x" not found'],
    ['a projected secret', { projected: { sources: [{ secret: { name: 'x' } }] } }, 'secret "x" not found'],
    ['a key of a map', { configMap: { name: 'm', items: [key('z')] } }, 'references non-existent config key: z'],
    ['a key of a secret', { secret: { secretName: 's', items: [key('z')] } }, 'references non-existent secret key: z'],
    [
      'a field',
      { downwardAPI: { items: [{ path: 'x', fieldRef: { fieldPath: 'spec.x' } }] } },
      'unsupported fieldPath: spec.x',
    ],
  ])('are refused where %s is missing', async (_, volume, message) => {
    await expect(filesOf(volume)).rejects.toThrow(message);
  });

  it('are refused to a pod without containers', async () => {
    const items = [{ path: 'x', resourceFieldRef: { resource: 'limits.cpu' } }];
    await expect(filesOf({ downwardAPI: { items } }, { containers: [] })).rejects.toThrow('not found');
  });
});

it.each<[Omit<V1Volume, 'name'>, boolean, boolean]>([
  [{ configMap: {} }, true, false],
  [{ secret: {} }, true, true],
  [{ downwardAPI: {} }, true, false],
  [{ projected: { sources: [{ configMap: {} }] } }, true, false],
  [{ projected: { sources: [{ configMap: {} }, { secret: {} }] } }, true, true],
  [{ projected: { sources: [{ serviceAccountToken: { path: 't' } }] } }, true, true],
  [{ emptyDir: {} }, false, false],
])('knows of %j whether it has content, and whether that is secret', (volume, content, secret) => {
  expect([hasContent({ name: 'v', ...volume }), isSecret({ name: 'v', ...volume })]).toEqual([content, secret]);
});
