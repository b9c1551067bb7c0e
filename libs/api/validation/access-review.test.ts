import { describe, expect, test } from '@jest/globals';
import type { V1SubjectAccessReview } from '../gen/types.ts';
import { type AccessReviewForm, accessReviewProblems } from './access-review.ts';

const ofAnyone: AccessReviewForm = { namesSubject: true, namespaced: false };
const ofMyself: AccessReviewForm = { namesSubject: false, namespaced: false };
const ofNamespace: AccessReviewForm = { namesSubject: true, namespaced: true };
const pods = { verb: 'list', resource: 'pods' };
const path = { verb: 'get', path: '/metrics' };

interface Case {
  name: string;
  form?: AccessReviewForm;
  spec: V1SubjectAccessReview['spec'];
  metadata?: V1SubjectAccessReview['metadata'];
  fields: string[];
}

const cases: Case[] = [
  { name: 'a question about a resource', spec: { user: 'bob', resourceAttributes: pods }, fields: [] },
  { name: 'a question about a group and a path', spec: { groups: ['devs'], nonResourceAttributes: path }, fields: [] },
  { name: 'nothing asked, nobody named', spec: {}, fields: ['spec.resourceAttributes', 'spec.user'] },
  { name: 'nothing asked about oneself', form: ofMyself, spec: {}, fields: ['spec.resourceAttributes'] },
  {
    name: 'two questions at once',
    spec: { user: 'bob', resourceAttributes: pods, nonResourceAttributes: path },
    fields: ['spec.nonResourceAttributes'],
  },
  {
    name: 'a name of its own',
    spec: { user: 'bob', resourceAttributes: pods },
    metadata: { name: 'x' },
    fields: ['metadata'],
  },
  {
    name: 'another namespace',
    form: ofNamespace,
    metadata: { namespace: 'a' },
    spec: { user: 'bob', resourceAttributes: { ...pods, namespace: 'b' } },
    fields: ['spec.resourceAttributes.namespace'],
  },
  {
    name: 'a path within a namespace',
    form: ofNamespace,
    metadata: { namespace: 'a' },
    spec: { user: 'bob', nonResourceAttributes: path },
    fields: ['spec.nonResourceAttributes'],
  },
  {
    name: 'a selector in both forms',
    spec: {
      user: 'bob',
      resourceAttributes: {
        ...pods,
        fieldSelector: { rawSelector: 'a=b', requirements: [{ key: 'a', operator: 'In', values: ['b'] }] },
      },
    },
    fields: ['spec.resourceAttributes.fieldSelector.rawSelector'],
  },
  {
    name: 'an empty selector',
    spec: { user: 'bob', resourceAttributes: { ...pods, labelSelector: {} } },
    fields: ['spec.resourceAttributes.labelSelector.requirements'],
  },
  {
    name: 'an operator that only newer servers know',
    spec: {
      user: 'bob',
      resourceAttributes: { ...pods, labelSelector: { requirements: [{ key: 'a', operator: 'Newer' }] } },
    },
    fields: [],
  },
  {
    name: 'values where the operator has none',
    spec: {
      user: 'bob',
      resourceAttributes: {
        ...pods,
        labelSelector: { requirements: [{ key: 'a', operator: 'Exists', values: ['b'] }] },
      },
    },
    fields: ['spec.resourceAttributes.labelSelector.requirements[0].values'],
  },
];

describe('reviews of access', () => {
  test.each(cases)('$name', ({ form = ofAnyone, spec, metadata, fields }) => {
    const problems = accessReviewProblems({ metadata, spec }, form);
    expect(problems.map(({ field }) => field)).toEqual(fields);
  });
});
