import { builtinKinds } from '../kinds/index.ts';
import { type ForeignSchema, withForeign } from './foreign.ts';
import { OpenApi } from './openapi.ts';

const ref = (name: string) => ({ $ref: `#/definitions/${name}` });
const path = 'apis/ships.example.com/v1';
const v2 = {
  paths: {
    [`/${path}/ships`]: {
      get: { parameters: [{ $ref: '#/parameters/limit-1' }], responses: { 200: { schema: ref('ShipList') } } },
    },
    '/apis/ships.example.com/v1beta1/ships': { get: { responses: { 200: { schema: ref('Old') } } } },
  },
  definitions: {
    ShipList: { properties: { items: { items: ref('Ship') }, metadata: ref('ListMeta') } },
    Ship: { properties: { escort: ref('Ship'), gone: ref('Nowhere') } },
    ListMeta: { description: 'theirs' },
    Old: {},
  },
  parameters: { 'limit-1': { name: 'limit', in: 'query', type: 'integer' }, 'other-1': {} },
};

describe('schemas of other servers', () => {
  const own = { paths: { '/z': {} }, definitions: { ListMeta: { description: 'ours' } } };

  test('bring the paths of their version and what these lead to', () => {
    const { paths, definitions, parameters } = withForeign(own, [{ path, v2 }]) as Record<string, object>;
    expect(Object.keys(paths!)).toEqual([`/${path}/ships`, '/z']);
    expect(Object.keys(definitions!)).toEqual(['ListMeta', 'Ship', 'ShipList']);
    expect(Object.keys(parameters!)).toEqual(['limit-1']);
    expect(definitions).toMatchObject({ ListMeta: { description: 'ours' } });
  });

  test('change nothing where there are none', () => {
    expect(withForeign(own, [])).toBe(own);
    expect(withForeign(own, [{ path }])).toBe(own);
  });

  test('stand in the documents as long as their server does', async () => {
    let foreign: ForeignSchema[] = [];
    const openapi = new OpenApi(
      () => builtinKinds.slice(0, 1),
      () => foreign,
    );
    const before = await openapi.v2();
    foreign = [{ path, v2, v3Address: `/openapi/v3/${path}?hash=1` }];
    expect((await openapi.index()).paths).toHaveProperty([path], { serverRelativeURL: `/openapi/v3/${path}?hash=1` });
    expect(JSON.parse((await openapi.v2()).bytes.toString()).definitions).toHaveProperty('Ship');
    expect((await openapi.v2Protobuf()).bytes.includes('ShipList')).toBe(true);
    foreign = [];
    expect((await openapi.v2()).hash).toBe(before.hash);
  });
});
