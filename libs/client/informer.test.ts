import { FakeClient } from '../../test/support/fake-client.ts';
import { FakeClock } from '../../test/support/fake-clock.ts';
import { FaultyClient, noFaults } from '../../test/support/faulty-client.ts';
import { makePod } from '../../test/support/make-pod.ts';
import { pods } from '../api/kinds/pod.ts';
import { seededRandom } from '../base/random.ts';
import { Informer } from './informer.ts';

function makeWorld(keptEvents?: number) {
  const clock = new FakeClock();
  const random = seededRandom(1);
  const api = new FakeClient({ clock, random, ...(keptEvents === undefined ? {} : { keptEvents }) });
  const client = new FaultyClient(api, { clock, random, faults: noFaults });
  const informer = new Informer({ client, clock, resource: pods });
  const seen: string[] = [];
  informer.addHandler({
    added: (pod) => seen.push(`+${pod.metadata?.name}`),
    updated: (pod) => seen.push(`~${pod.metadata?.name}`),
    deleted: (pod) => seen.push(`-${pod.metadata?.name}`),
  });
  return { clock, api, client, informer, seen };
}

const at = (name: string) => ({ namespace: 'default', name });

describe('Informer', () => {
  it('lists, then follows', async () => {
    const { clock, api, informer, seen } = makeWorld();
    await api.create(pods, makePod('a').build());
    informer.start();
    await clock.settle();
    expect(informer.synced).toBe(true);
    await api.create(pods, makePod('b').build());
    await api.patch(pods, at('a'), { type: 'merge', body: { metadata: { labels: { x: 'y' } } } });
    await api.delete(pods, at('b'));
    await clock.settle();
    expect(seen).toEqual(['+a', '+b', '~a', '-b']);
    expect(informer.get('default/a')?.metadata?.labels).toEqual({ x: 'y' });
    expect(informer.list('default')).toHaveLength(1);
    expect([informer.count(), informer.count('default'), informer.count('other')]).toEqual([1, 1, 0]);
    await informer.stop();
  });

  it('resumes after broken watches and misses nothing', async () => {
    const { clock, api, client, informer, seen } = makeWorld();
    client.faults = { ...noFaults, brokenWatch: 1 };
    informer.start();
    await clock.settle();
    for (const name of ['a', 'b', 'c', 'd']) {
      await api.create(pods, makePod(name).build());
      await clock.advance(20_000);
    }
    expect(seen).toEqual(['+a', '+b', '+c', '+d']);
    await informer.stop();
  });

  it('lists again when its version has expired, and tells the difference', async () => {
    const { clock, api, client, informer, seen } = makeWorld(2);
    await api.create(pods, makePod('gone').build());
    await api.create(pods, makePod('kept').build());
    informer.start();
    await clock.settle();
    client.faults = { ...noFaults, brokenWatch: 1, watchLagMsMax: 60_000 };
    await api.create(pods, makePod('x').build());
    await api.delete(pods, at('gone'));
    for (const name of ['y', 'z']) await api.create(pods, makePod(name).build());
    client.faults = noFaults;
    await clock.advance(120_000);
    expect(seen.slice(0, 2)).toEqual(['+gone', '+kept']);
    expect([...seen.slice(2)].sort()).toEqual(['+x', '+y', '+z', '-gone']);
    await informer.stop();
  });

  it('keeps indexes, also those that come late', async () => {
    const { clock, api, informer } = makeWorld();
    await api.create(pods, makePod('a').on('n1').build());
    informer.start();
    await clock.settle();
    informer.addIndex('node', (pod) => (pod.spec?.nodeName ? [pod.spec.nodeName] : []));
    await api.create(pods, makePod('b').on('n1').build());
    await clock.settle();
    expect(informer.byIndex('node', 'n1').map((pod) => pod.metadata?.name)).toEqual(['a', 'b']);
    await api.delete(pods, at('a'), { gracePeriodSeconds: 0 });
    await clock.settle();
    expect(informer.byIndex('node', 'n1').map((pod) => pod.metadata?.name)).toEqual(['b']);
    await informer.stop();
  });

  it('says how far it has come, and forgets that when the server no longer knows it', async () => {
    const { clock, api, client, informer } = makeWorld(1);
    expect(informer.resourceVersion).toBe('');
    await api.create(pods, makePod('a').build());
    informer.start();
    await clock.settle();
    const { metadata } = await api.create(pods, makePod('b').build());
    await clock.settle();
    expect(informer.resourceVersion).toBe(metadata?.resourceVersion);
    client.faults = { ...noFaults, brokenWatch: 1, lostRequest: 1 };
    for (const name of ['c', 'd', 'e']) await api.create(pods, makePod(name).build());
    await clock.advance(5_000);
    expect(informer.resourceVersion).toBe('');
    client.faults = noFaults;
    await clock.advance(20_000);
    expect(informer.resourceVersion).toBe((await api.get(pods, at('e'))).metadata?.resourceVersion);
    await informer.stop();
  });

  it('tells handlers what they want to hear of, until they are removed', async () => {
    const { clock, api, informer } = makeWorld();
    const heard: string[] = [];
    const say = (what: string) => () => heard.push(what);
    await api.create(pods, makePod('a').build());
    informer.start();
    await clock.settle();
    const remove = [
      informer.addHandler({ added: say('added') }),
      informer.addHandler({ updated: say('updated') }),
      informer.addHandler({ deleted: say('deleted') }),
    ];
    const change = async () => {
      await api.patch(pods, at('a'), { type: 'merge', body: { metadata: { labels: { heard: `${heard.length}` } } } });
      await api.delete(pods, at('a'));
      await api.create(pods, makePod('a').build());
      await clock.settle();
    };
    await change();
    expect(heard).toEqual(['added', 'updated', 'deleted', 'added']);
    for (const each of remove) each();
    await change();
    expect(heard).toHaveLength(4);
    await informer.stop();
  });

  it('a handler that throws disturbs nobody', async () => {
    const { clock, api, informer, seen } = makeWorld();
    informer.addHandler({
      added: () => {
        throw new Error('boom');
      },
    });
    informer.start();
    await api.create(pods, makePod('a').build());
    await clock.settle();
    expect(seen).toEqual(['+a']);
    await informer.stop();
  });

  it('those who wait learn that it was stopped', async () => {
    const { client, clock, informer } = makeWorld();
    client.faults = { ...noFaults, lostRequest: 1 };
    informer.start();
    const waiting = informer.waitSynced(new AbortController().signal);
    const outcome = expect(waiting).rejects.toThrow('stopped');
    await clock.settle();
    await informer.stop();
    await outcome;
  });
});
