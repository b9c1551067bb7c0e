import { asks, bodyOf, deletes, openScratchRegistry, type ScratchRegistry } from '../../../test/support/registry.ts';
import { systemClock } from '../../base/clock.ts';
import { silentLogger } from '../../base/log.ts';
import { seededRandom } from '../../base/random.ts';
import type { ConversionCalls } from './conversion.ts';
import { CustomResources } from './serve.ts';

interface Review {
  request: { uid: string; desiredAPIVersion: string; objects: Array<Record<string, unknown>> };
}

type Hosts = { apiVersion: string; host?: string; parts?: string[] };

/** v1 has `host`, v2 has it in parts. */
function converted(object: Record<string, unknown>, apiVersion: string): Record<string, unknown> {
  const { host, parts, ...rest } = object as unknown as Hosts;
  const text = host ?? parts?.join('.') ?? '';
  return { ...rest, apiVersion, ...(apiVersion.endsWith('v1') ? { host: text } : { parts: text.split('.') }) };
}

describe('kinds of several versions', () => {
  let scratch: ScratchRegistry;
  let custom: CustomResources;
  let asked: string[] = [];
  let answer: (review: Review) => object;

  const willing = ({ request: { uid, objects, desiredAPIVersion } }: Review) => ({
    response: {
      uid,
      result: { status: 'Success' },
      convertedObjects: objects.map((object) => converted(object, desiredAPIVersion)),
    },
  });

  beforeEach(async () => {
    asked = [];
    answer = willing;
    scratch = await openScratchRegistry();
    const conversions: ConversionCalls = {
      random: seededRandom(3),
      async post(_target, body) {
        const review = JSON.parse(body.toString()) as Review;
        asked.push(`${review.request.objects.length} to ${review.request.desiredAPIVersion}`);
        return answer(review);
      },
    };
    custom = new CustomResources({
      registry: scratch.registry,
      clock: systemClock,
      logger: silentLogger,
      stopping: new AbortController().signal,
      conversions,
    });
    custom.start();
  });

  afterEach(async () => {
    await custom.settled();
    await scratch.close();
  });

  const anything = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } };
  const definition = (stored: string, conversion: object) => ({
    kind: 'CustomResourceDefinition',
    apiVersion: 'apiextensions.k8s.io/v1',
    metadata: { name: 'hosts.example.com' },
    spec: {
      group: 'example.com',
      scope: 'Namespaced',
      names: { plural: 'hosts', singular: 'host', kind: 'Host', listKind: 'HostList' },
      conversion,
      versions: ['v1', 'v2'].map((name) => ({ name, served: true, storage: name === stored, schema: anything })),
    },
  });
  const byWebhook = {
    strategy: 'Webhook',
    webhook: { clientConfig: { url: 'https://hook.example.com' }, conversionReviewVersions: ['v1'] },
  };
  const crds = () => scratch.service('apiextensions.k8s.io/v1/customresourcedefinitions');
  const define = async (stored: string, conversion: object) => {
    await crds().create({}, bodyOf(definition(stored, conversion)), asks());
    await custom.settled();
  };
  const redefine = async (stored: string, conversion: object) => {
    const { metadata } = (await crds().get({ name: 'hosts.example.com' })).object;
    await crds().update({ name: 'hosts.example.com' }, bodyOf({ ...definition(stored, conversion), metadata }), asks());
    await custom.settled();
  };
  const hosts = (version: string) => scratch.service(`example.com/${version}/hosts`);
  const create = (version: string, name: string, fields: object) => {
    const body = { kind: 'Host', apiVersion: `example.com/${version}`, metadata: { name }, ...fields };
    return hosts(version).create({ namespace: 'x' }, bodyOf(body), asks());
  };
  const at = { namespace: 'x', name: 'a' };

  it('show what was written in another version under their own name', async () => {
    await define('v1', { strategy: 'None' });
    await create('v1', 'a', { host: 'a.b' });
    await redefine('v2', { strategy: 'None' });
    expect((await hosts('v2').get(at)).object).toMatchObject({ apiVersion: 'example.com/v2', host: 'a.b' });
    const patch = { ...asks(), type: 'merge' as const, body: { port: 1 }, complaints: [], force: false };
    const { document } = await hosts('v2').patch(at, patch);
    expect(document.object).toMatchObject({ apiVersion: 'example.com/v2', host: 'a.b', port: 1 });
  });

  it('are converted by their webhook on the way in and out, each state once', async () => {
    await define('v1', byWebhook);
    const created = await create('v2', 'a', { parts: ['a', 'b'] });
    expect(created.object).toMatchObject({ apiVersion: 'example.com/v2', parts: ['a', 'b'] });
    expect((await hosts('v1').get(at)).object).toMatchObject({ apiVersion: 'example.com/v1', host: 'a.b' });
    expect((await hosts('v2').get(at)).object).toMatchObject({ parts: ['a', 'b'] });
    expect(asked).toEqual(['1 to example.com/v1', '1 to example.com/v2']);
  });

  it('are selected once they are converted', async () => {
    await define('v1', byWebhook);
    const seen: unknown[] = [];
    const watch = await hosts('v2').watch(
      { namespace: 'x', fieldSelector: 'metadata.name!=b' },
      {
        event: (type, event) =>
          seen.push([type, event.key, (event.current?.object as unknown as Hosts | undefined)?.parts]),
        initial: () => {},
        bookmark: () => {},
        failed: (error) => seen.push(error),
      },
    );
    await create('v1', 'b', { host: 'c' });
    await create('v1', 'a', { host: 'a.b' });
    await hosts('v2').list({ namespace: 'x', fieldSelector: 'metadata.name!=c' });
    expect(seen).toEqual([['ADDED', 'x/a', ['a', 'b']]]);
    watch.cancel();
  });

  it('are listed and watched in one version, whatever they were written in', async () => {
    await define('v1', byWebhook);
    await create('v1', 'a', { host: 'a.b' });
    await redefine('v2', byWebhook);
    await create('v2', 'b', { parts: ['c'] });
    const shown = async (version: string) =>
      (await hosts(version).list({ namespace: 'x' })).documents.map(({ object }) => (object as unknown as Hosts).host);
    expect(await shown('v1')).toEqual(['a.b', 'c']);
    const seen: unknown[] = [];
    const watch = await hosts('v1').watch(
      { namespace: 'x', sendInitialEvents: true, resourceVersionMatch: 'NotOlderThan', allowBookmarks: true },
      {
        event: (type, event) => seen.push([type, (event.current?.object as unknown as Hosts | undefined)?.host]),
        initial: (document) => seen.push((document.object as unknown as Hosts).host),
        bookmark: () => seen.push('bookmark'),
        failed: (error) => seen.push(error),
      },
    );
    await create('v2', 'c', { parts: ['d', 'e'] });
    await hosts('v1').delete({ namespace: 'x', name: 'c' }, deletes());
    await new Promise((resolve) => setImmediate(resolve));
    watch.cancel();
    expect(seen).toEqual(['a.b', 'c', 'bookmark', ['ADDED', 'd.e'], ['DELETED', undefined]]);
  });

  it.each<[string, (review: Review) => object, RegExp]>([
    [
      'refuses',
      ({ request: { uid } }) => ({ response: { uid, result: { status: 'Failed', message: 'no' } } }),
      /failed: no/,
    ],
    ['answers another question', () => ({ response: { uid: 'x' } }), /another question/],
    [
      'loses objects',
      (review) => ({ response: { ...(willing(review) as { response: object }).response, convertedObjects: [] } }),
      /0 objects for 1/,
    ],
    [
      'makes it another object',
      (review) => {
        const { response } = willing(review);
        const convertedObjects = response.convertedObjects.map((one) => ({ ...one, metadata: { name: 'z' } }));
        return { response: { ...response, convertedObjects } };
      },
      /who an object is/,
    ],
  ])('cannot be read while their webhook %s', async (_, told, message) => {
    await define('v1', byWebhook);
    await create('v1', 'a', { host: 'a.b' });
    answer = told;
    await expect(hosts('v2').get(at)).rejects.toMatchObject({ code: 500, message: expect.stringMatching(message) });
    expect((await hosts('v1').get(at)).object).toMatchObject({ host: 'a.b' });
  });
});
