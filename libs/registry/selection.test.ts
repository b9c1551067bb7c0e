import { pods } from '../api/kinds/pod.ts';
import type { KubeObject } from '../api/meta.ts';
import { Document } from '../cache/document.ts';
import { storedValue } from '../cache/stored-value.ts';
import { filterOf } from './selection.ts';

const podWith = (parts: object): KubeObject => ({
  kind: 'Pod',
  apiVersion: 'v1',
  metadata: { name: 'a', namespace: 'x' },
  ...parts,
});

const cases = [
  { name: 'no node', pod: podWith({ spec: {} }), bound: false, onN1: false },
  { name: 'a node', pod: podWith({ spec: { nodeName: 'n1' } }), bound: true, onN1: true },
  { name: 'a node of another name', pod: podWith({ spec: { nodeName: 'n2' } }), bound: true, onN1: false },
  { name: 'a node named empty', pod: podWith({ spec: { nodeName: '' } }), bound: false, onN1: false },
  {
    name: 'a label of that name',
    pod: podWith({ metadata: { name: 'a', labels: { nodeName: 'n1' } }, spec: {} }),
    bound: false,
    onN1: false,
  },
  {
    name: 'an annotation that holds such JSON',
    pod: podWith({ metadata: { name: 'a', annotations: { last: '{"nodeName":"n1"}' } }, spec: {} }),
    bound: false,
    onN1: false,
  },
];

it.each(cases)('selects pods by their node, parsed or not: $name', ({ pod, bound, onN1 }) => {
  const seen = (fieldSelector: string, document: Document) =>
    filterOf({ definition: pods }, { fieldSelector }).matches?.(document);
  for (const document of [Document.ofValue(storedValue(pod), 7), Document.ofObject(pod)]) {
    expect(seen('spec.nodeName!=', document)).toBe(bound);
    expect(seen('spec.nodeName=', document)).toBe(!bound);
    expect(seen('spec.nodeName=n1', document)).toBe(onN1);
  }
});
