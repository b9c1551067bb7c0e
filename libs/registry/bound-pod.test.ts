import type { V1Pod } from '../api/gen/types.ts';
import type { KubeObject } from '../api/meta.ts';
import { seededRandom } from '../base/random.ts';
import { Document } from '../cache/document.ts';
import { storedValue } from '../cache/stored-value.ts';
import { boundPod, boundValue, type Placement } from './bound-pod.ts';

const now = '2026-11-21T20:00:00Z';
const zone = 'topology.kubernetes.io/zone';
const fields = [{ manager: 'kubectl', operation: 'Update', fieldsType: 'FieldsV1', fieldsV1: { 'f:spec': {} } }];

interface Case {
  name: string;
  metadata?: object;
  spec?: object;
  status?: object;
  placement?: Partial<Placement>;
}

const spec = { containers: [{ name: 'c', image: 'i', env: [{ name: 'A', value: '},"status":{"x":1}}' }] }] };
const cases: Case[] = [
  { name: 'nothing but a status' },
  { name: 'labels', metadata: { labels: { app: 'a' } }, placement: { labels: { [zone]: 'z' } } },
  { name: 'no labels', placement: { labels: { [zone]: 'z' } } },
  { name: 'empty labels', metadata: { labels: {} }, placement: { labels: { [zone]: 'z' } } },
  { name: 'a label that is there', metadata: { labels: { [zone]: 'y' } }, placement: { labels: { [zone]: 'z' } } },
  { name: 'texts that look like JSON', metadata: { annotations: { a: '"labels":{"b":1},"status":{' } } },
  { name: 'annotations', metadata: { annotations: { a: 'b' } }, placement: { annotations: { c: 'd' } } },
  { name: 'ownership', metadata: { managedFields: fields }, placement: { labels: { [zone]: 'z' } } },
  {
    name: 'letters beyond ASCII',
    metadata: { labels: { a: 'é' }, annotations: { b: '☃ 😀' } },
    placement: { labels: { c: '☃' } },
  },
  { name: 'a condition of another type', status: { conditions: [{ type: 'Ready', status: 'False' }] } },
  { name: 'the condition that it waits', status: { conditions: [{ type: 'PodScheduled', status: 'False' }] } },
  { name: 'a nomination', status: { phase: 'Pending', nominatedNodeName: 'n-2' } },
  { name: 'an empty status', status: {} },
  { name: 'a member called status in the specification', spec: { ...spec, extra: { status: { a: {} } } } },
  { name: 'a member called status in the status', status: { phase: 'Pending', odd: { b: 1, status: { a: 1 } } } },
];

function documentOf({
  metadata,
  spec: own = spec,
  status = { phase: 'Pending', qosClass: 'Burstable' },
}: Case): Document {
  const pod = {
    kind: 'Pod',
    apiVersion: 'v1',
    metadata: { name: 'p', namespace: 'x', uid: 'u', generation: 1, ...metadata },
    spec: own,
    status,
  };
  return Document.ofValue(storedValue(pod as KubeObject), 7);
}

describe('the value of a pod that was given a node', () => {
  it.each(cases)('says the same as one made from the object: $name', (each) => {
    const placement = { nodeName: 'n-1', ...each.placement };
    const spliced = Document.ofValue(boundValue(documentOf(each), placement, now), 8);
    const made = Document.ofValue(storedValue(boundPod(documentOf(each).object as V1Pod, placement, now)), 8);
    // As bytes, and as the object that is handed over with them.
    expect(spliced.copy()).toEqual(made.copy());
    expect(JSON.parse(JSON.stringify(spliced.object))).toEqual(JSON.parse(JSON.stringify(made.object)));
    expect(spliced.metadataTexts.join('').includes('managedFields')).toBe(
      made.metadataTexts.join('').includes('managedFields'),
    );
  });

  it('forgets the node that the pod was nominated to', () => {
    const nominated = documentOf({ name: '', status: { phase: 'Pending', nominatedNodeName: 'n-2' } });
    const { status } = boundPod(nominated.object as V1Pod, { nodeName: 'n-1' }, now);
    expect(status).toEqual({ phase: 'Pending', conditions: [expect.objectContaining({ type: 'PodScheduled' })] });
  });

  it('says the same of pods put together at random', () => {
    const random = seededRandom(5);
    const pick = <T>(from: readonly T[]) => from[Math.floor(random.next() * from.length)]!;
    for (let round = 0; round < 500; round++) {
      const each = { name: '', metadata: pick(cases).metadata, spec: pick(cases).spec, status: pick(cases).status };
      const placement = { nodeName: pick(['n', 'n-"2"', 'ñ']), ...pick(cases).placement };
      const spliced = Document.ofValue(boundValue(documentOf(each), placement, now), 8);
      const pod = documentOf(each).object as V1Pod;
      const made = Document.ofValue(storedValue(boundPod(pod, placement, now)), 8);
      expect(spliced.copy()).toEqual(made.copy());
      expect(spliced.object).toEqual(made.object);
    }
  });
});
