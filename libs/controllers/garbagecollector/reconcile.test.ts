import { startControllers } from '../../../test/support/controller-world.ts';
import type { V1OwnerReference } from '../../api/gen/types.ts';
import { configmaps } from '../../api/kinds/configmap.ts';
import { newGarbageCollector } from './reconcile.ts';

const at = (name: string) => ({ namespace: 'default', name });

function startWorld() {
  const world = startControllers((context) => [newGarbageCollector(context, { resources: [configmaps] })]);
  const { client } = world;
  const make = (name: string, owners: V1OwnerReference[] = []) =>
    client.create(configmaps, { metadata: { ...at(name), ownerReferences: owners } });
  const ownedBy = async (name: string): Promise<V1OwnerReference> => {
    const owner = await client.get(configmaps, at(name));
    return { apiVersion: 'v1', kind: 'ConfigMap', name, uid: owner.metadata?.uid ?? '', blockOwnerDeletion: true };
  };
  const names = () => client.peek(configmaps).map((object) => object.metadata?.name);
  return { ...world, make, ownedBy, names };
}

describe('the garbage collector', () => {
  it.each([
    { policy: 'Background' as const, left: [] },
    { policy: 'Foreground' as const, left: [] },
    { policy: 'Orphan' as const, left: ['child', 'grandchild'] },
  ])('deletes in the $policy', async ({ policy, left }) => {
    const { client, make, ownedBy, names, settle, stop } = startWorld();
    await make('root');
    await make('child', [await ownedBy('root')]);
    await make('grandchild', [await ownedBy('child')]);
    await settle();
    await client.delete(configmaps, at('root'), { propagationPolicy: policy });
    await settle();
    expect(names()).toEqual(left);
    await stop();
  });

  it('is not held up by a circle', async () => {
    const { client, make, ownedBy, names, settle, stop } = startWorld();
    await make('a');
    await make('b', [await ownedBy('a')]);
    await make('c', [await ownedBy('b')]);
    const body = { metadata: { ownerReferences: [await ownedBy('c')] } };
    await client.patch(configmaps, at('a'), { type: 'merge', body });
    await settle();
    await client.delete(configmaps, at('a'), { propagationPolicy: 'Foreground' });
    await settle();
    expect(names()).toEqual([]);
    await stop();
  });

  it('collects what names an owner that never was, and keeps what has another', async () => {
    const { client, make, ownedBy, names, settle, stop } = startWorld();
    const nobody = { apiVersion: 'v1', kind: 'ConfigMap', name: 'nobody', uid: 'gone' };
    await make('real');
    await make('lost', [nobody]);
    await make('kept', [nobody, await ownedBy('real')]);
    await settle();
    expect(names()).toEqual(['real', 'kept']);
    const kept = await client.get(configmaps, at('kept'));
    expect(kept.metadata?.ownerReferences?.map(({ name }) => name)).toEqual(['real']);
    await stop();
  });

  it('knows an owner by its kind, name and uid together', async () => {
    const { make, ownedBy, names, settle, stop } = startWorld();
    await make('root');
    await make('other');
    const root = await ownedBy('root');
    await make('its own', [root]);
    await make('by a wrong name', [{ ...root, name: 'other' }]);
    await make('by a wrong uid', [{ ...root, uid: 'gone' }]);
    await settle();
    expect(names()).toEqual(['root', 'other', 'its own']);
    await stop();
  });

  it('an owner deleted in the foreground goes last', async () => {
    const { client, make, ownedBy, names, settle, stop } = startWorld();
    await make('root');
    await make('held', [await ownedBy('root')]);
    await client.patch(configmaps, at('held'), {
      type: 'merge',
      body: { metadata: { finalizers: ['example.com/x'] } },
    });
    await settle();
    await client.delete(configmaps, at('root'), { propagationPolicy: 'Foreground' });
    await settle();
    expect(names()).toEqual(['root', 'held']);
    await client.patch(configmaps, at('held'), { type: 'merge', body: { metadata: { finalizers: null } } });
    await settle();
    expect(names()).toEqual([]);
    await stop();
  });
});
