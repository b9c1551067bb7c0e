import { asks, bodyOf, deletes, openScratchRegistry, type ScratchRegistry } from '../../test/support/registry.ts';
import type { KubeObject } from '../api/meta.ts';
import type { StatusError } from '../base/status.ts';
import { Document } from '../cache/document.ts';

describe('lists', () => {
  let scratch: ScratchRegistry;

  beforeEach(async () => {
    scratch = await openScratchRegistry();
  });

  afterEach(() => scratch.close());

  const create = (plural: string, object: object) =>
    scratch.service(plural).create({ namespace: 'x' }, bodyOf(object), asks());
  const at = (name: string) => ({ namespace: 'x', name });
  const configMap = (name: string, more: object = {}) => ({
    kind: 'ConfigMap',
    apiVersion: 'v1',
    metadata: { name, ...more },
  });
  const namesOf = (documents: ReadonlyArray<{ object: KubeObject }>) =>
    documents.map((document) => document.object.metadata?.name);

  it('pages through one state while others write', async () => {
    for (const name of ['a', 'b', 'c', 'd']) await create('configmaps', configMap(name));
    const service = scratch.service('configmaps');
    const first = await service.list({ namespace: 'x', limit: 2 });
    expect(first.remaining).toBe(2);
    await create('configmaps', configMap('bb'));
    await service.delete(at('d'), deletes());
    const second = await service.list({ namespace: 'x', limit: 5, continue: first.continue });
    expect([namesOf(first.documents), namesOf(second.documents)]).toEqual([
      ['a', 'b'],
      ['c', 'd'],
    ]);
    expect(second.revision).toBe(first.revision);
  });

  const writesMeanwhile = [
    { where: 'its own collection', kind: 'configmaps', rest: ['b', 'c', 'd'] },
    { where: 'another collection', kind: 'secrets', rest: ['b', 'c'] },
  ];
  it.each(writesMeanwhile)(
    'lets a token expire with the history, and tells how to go on, after writes to $where',
    async ({ kind, rest }) => {
      for (const name of ['a', 'b', 'c']) await create('configmaps', configMap(name));
      const service = scratch.service('configmaps');
      const first = await service.list({ namespace: 'x', limit: 1 });
      const object = kind === 'secrets' ? { ...configMap('d'), kind: 'Secret' } : configMap('d');
      const { revision } = await create(kind, object);
      await scratch.store.compact(revision);
      const expired = await service.list({ namespace: 'x', limit: 1, continue: first.continue }).catch((e) => e);
      expect(expired).toMatchObject({ reason: 'Expired', code: 410 });
      const token = (expired as StatusError).toStatus().metadata.continue as string;
      const others = await service.list({ namespace: 'x', continue: token });
      expect([namesOf(others.documents), others.revision]).toEqual([rest, revision]);
    },
  );

  it('selects from one state, however long it takes while others write', async () => {
    const names = Array.from({ length: 450 }, (_, index) => `n${index + 100}`);
    const labels = { color: 'red' };
    await Promise.all(names.map((name) => create('configmaps', configMap(name, { labels }))));
    const service = scratch.service('configmaps');
    const listing = service.list({ namespace: 'x', labelSelector: 'color=red' });
    let listed = false;
    void listing.then(() => (listed = true));
    // By then it has looked at what one turn takes, and waits for the next.
    await new Promise((resolve) => process.nextTick(resolve));
    const inMemory = scratch.mirror.collection('', 'configmaps');
    const added = configMap('n101a', { namespace: 'x', labels }) as KubeObject;
    const revision = scratch.mirror.revision + 1;
    inMemory.apply('x/n101a', revision, Document.ofObject(added, revision));
    inMemory.apply('x/n540', revision, undefined);
    expect(listed).toBe(false);
    expect(namesOf((await listing).documents)).toEqual(names);
    expect((await service.list({ namespace: 'x', labelSelector: 'color=red' })).documents).toHaveLength(names.length);
  });

  const selections = [
    { labelSelector: 'color=red', names: ['a'] },
    { labelSelector: 'color!=red', names: ['b', 'c'] },
    { fieldSelector: 'metadata.name=b', names: ['b'] },
    { fieldSelector: 'metadata.name!=b', names: ['a', 'c'] },
  ];
  it.each(selections)('selects by %j', async ({ names, ...selection }) => {
    await create('configmaps', configMap('a', { labels: { color: 'red' } }));
    await create('configmaps', configMap('b', { labels: { color: 'blue' } }));
    await create('configmaps', configMap('c'));
    const { documents } = await scratch.service('configmaps').list({ namespace: 'x', ...selection });
    expect(namesOf(documents)).toEqual(names);
  });
});
