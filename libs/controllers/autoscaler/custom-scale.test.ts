import type { KubeObject } from '../../api/meta.ts';
import { scaleView } from './custom-scale.ts';

const paths = {
  specReplicasPath: '.spec.crew.size',
  statusReplicasPath: '.status.size',
  selectorPath: '.status.selector',
};

it.each([
  [
    'a=b,c in (d,e)',
    [
      { key: 'a', operator: 'In', values: ['b'] },
      { key: 'c', operator: 'In', values: ['d', 'e'] },
    ],
  ],
  ['', undefined],
])('the size of a custom object with the selector "%s"', (selector, matchExpressions) => {
  const object = { metadata: { name: 'x' }, spec: { crew: { size: 3 } }, status: { selector } } as KubeObject;
  expect(scaleView(object, paths).spec).toEqual({ replicas: 3, selector: matchExpressions && { matchExpressions } });
});
