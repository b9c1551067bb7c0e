import { asks, bodyOf, openScratchRegistry, type ScratchRegistry } from '../../test/support/registry.ts';
import type { V1Pod } from '../api/gen/types.ts';
import { relocationAnnotation, relocationOf } from '../api/kinds/pod/relocation.ts';

const mark = { [relocationAnnotation]: JSON.stringify({ pod: 'a', uid: 'u', to: 'n2', replicas: 2 }) };
const template = { metadata: { labels: { app: 'w' } }, spec: { containers: [{ name: 'main', image: 'x' }] } };
const spec = { replicas: 2, selector: { matchLabels: { app: 'w' } }, template };
const preferred = [
  { weight: 100, preference: { matchFields: [{ key: 'metadata.name', operator: 'In', values: ['n2'] }] } },
];

let scratch: ScratchRegistry;
beforeAll(async () => {
  scratch = await openScratchRegistry();
});
afterAll(() => scratch.close());

async function make(kind: string, name: string, more: { annotations?: object; ownerReferences?: object[] }) {
  const path = kind === 'Pod' ? 'pods' : `apps/v1/${kind.toLowerCase()}s`;
  const apiVersion = kind === 'Pod' ? 'v1' : 'apps/v1';
  const body = {
    apiVersion,
    kind,
    metadata: { name, namespace: 'x', ...more },
    spec: kind === 'Pod' ? template.spec : spec,
  };
  const { object } = await scratch.service(path).create({ namespace: 'x' }, bodyOf(body), asks());
  return { apiVersion, kind, name, uid: object.metadata!.uid!, controller: true, object };
}

async function preferenceOf(name: string, ownerReferences: object[]) {
  const { object } = await make('Pod', name, { ownerReferences });
  return (object as V1Pod).spec?.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution;
}

describe('new pods of a workload', () => {
  it.each([
    { name: 'that moves one prefer the target', kind: 'ReplicaSet', marked: true, want: preferred },
    { name: 'that rests prefer nothing', kind: 'ReplicaSet', marked: false, want: undefined },
    { name: 'under a Deployment that moves one prefer the target', kind: 'Deployment', marked: true, want: preferred },
    { name: 'under a Deployment that rests prefer nothing', kind: 'Deployment', marked: false, want: undefined },
  ])('$name', async ({ kind, marked, want }) => {
    const name = `${kind.toLowerCase()}-${marked}`;
    const annotations = marked ? mark : {};
    const { object: _, ...top } = await make(kind, name, { annotations });
    const { object: _1, ...set } =
      kind === 'ReplicaSet' ? { ...top, object: 0 } : await make('ReplicaSet', `${name}-1`, { ownerReferences: [top] });
    expect(await preferenceOf(`pod-${name}`, [set])).toEqual(want);
  });
  it('of nobody prefer nothing', async () => expect(await preferenceOf('alone', [])).toBeUndefined());
});

describe('relocationOf', () => {
  it.each([
    ['', undefined],
    ['null', undefined],
    ['{"pod":"a"}', undefined],
    ['{"pod":"a","uid":"u","to":"n","replicas":1.5}', undefined],
    ['{"pod":"a","uid":"u","to":"n","replicas":1}', { pod: 'a', uid: 'u', to: 'n', replicas: 1 }],
  ])('of %j', (text, want) => {
    expect(relocationOf({ metadata: { annotations: { [relocationAnnotation]: text } } })).toEqual(want);
  });
});
