import { FakeClient } from '../../test/support/fake-client.ts';
import { FakeClock } from '../../test/support/fake-clock.ts';
import type { V1CustomResourceDefinition } from '../api/gen/types.ts';
import { customresourcedefinitions } from '../api/kinds/customresourcedefinition.ts';
import { seededRandom } from '../base/random.ts';
import { InformerSet } from '../client/informer-set.ts';
import { CustomKinds } from './custom-kinds.ts';

const condition = { type: 'Established', status: 'True', reason: '', message: '' };

function definitionOf(version: string, established: boolean, served = true): V1CustomResourceDefinition {
  const scale = { specReplicasPath: '.spec.n', statusReplicasPath: '.status.n' };
  return {
    metadata: { name: 'boats.example.org' },
    spec: {
      ...{ group: 'example.org', scope: 'Namespaced', names: { plural: 'boats', kind: 'Boat' } },
      versions: [{ name: version, served, storage: true, subresources: { scale } }],
    },
    status: {
      conditions: established ? [condition] : [],
      acceptedNames: { plural: 'boats', kind: 'Boat' },
      storedVersions: [],
    },
  };
}

it('follows the kinds that are served', async () => {
  const clock = new FakeClock();
  const client = new FakeClient({ clock, random: seededRandom(1) });
  const informers = new InformerSet({ client, clock });
  const custom = new CustomKinds(informers);
  const heard: string[] = [];
  custom.follow({
    added: ({ resource }) => void heard.push(`+${resource.version}`),
    removed: ({ resource }) => void heard.push(`-${resource.version}`),
  });
  informers.start();
  const settle = () => clock.advance(1000);
  await client.create(customresourcedefinitions, definitionOf('v1', false));
  await settle();
  expect(heard).toEqual([]);
  const change = async (next: V1CustomResourceDefinition) => {
    const now = await client.get(customresourcedefinitions, { name: 'boats.example.org' });
    const written = await client.update(customresourcedefinitions, { ...now, spec: next.spec });
    await client.update(customresourcedefinitions, { ...written, status: next.status }, { subresource: 'status' });
    await settle();
  };
  await change(definitionOf('v1', true));
  expect(heard).toEqual(['+v1']);
  expect(custom.list()).toEqual([
    {
      resource: { group: 'example.org', version: 'v1', kind: 'Boat', plural: 'boats', namespaced: true },
      scale: { specReplicasPath: '.spec.n', statusReplicasPath: '.status.n', selectorPath: undefined },
    },
  ]);
  await change(definitionOf('v2', true));
  expect(heard).toEqual(['+v1', '-v1', '+v2']);
  await change(definitionOf('v2', true, false));
  expect(heard.at(-1)).toBe('-v2');
  await change(definitionOf('v2', true));
  await client.delete(customresourcedefinitions, { name: 'boats.example.org' });
  await settle();
  expect(heard.at(-1)).toBe('-v2');
  expect(custom.list()).toEqual([]);
  await informers.stop();
});
