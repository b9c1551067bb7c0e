import type { FieldError } from '../definition.ts';
import type {
  V1FieldSelectorAttributes,
  V1LabelSelectorAttributes,
  V1ObjectMeta,
  V1ResourceAttributes,
  V1SubjectAccessReview,
} from '../gen/types.ts';
import { selectorRequirement } from './labels.ts';
import type { Report } from './report.ts';
import { check, each, fields, isEmpty, type Rule } from './rule.ts';

type Selector<R> = { rawSelector?: string; requirements?: readonly R[] };

/** A selector of a request, raw or taken apart: one of both. */
function oneForm<S extends Selector<unknown>>(requirement?: Rule<NonNullable<S['requirements']>[number]>): Rule<S> {
  return (selector, at) => {
    const { rawSelector, requirements = [] } = selector;
    if (rawSelector && requirements.length > 0) at.invalid('stands beside requirements', 'rawSelector');
    if (!rawSelector && requirements.length === 0) at.required('this or rawSelector is needed', 'requirements');
    if (!requirement) return;
    at.enter('requirements');
    each(requirement)(requirements, at, undefined);
    at.leave();
  };
}

const resourceAttributes: Rule<V1ResourceAttributes> = fields<V1ResourceAttributes>({
  fieldSelector: oneForm<V1FieldSelectorAttributes>((value, at) => {
    if (isEmpty(value.key)) at.required('', 'key');
    selectorRequirement.values(value, at);
  }),
  labelSelector: oneForm<V1LabelSelectorAttributes>((value, at) => {
    selectorRequirement.values(value, at);
    selectorRequirement.key(value, at);
  }),
});

/** What reviews of access are checked for beyond their fields. */
export interface AccessReviewForm {
  /** Whether the review names its subject, rather than being about who asks. */
  readonly namesSubject: boolean;
  /** Whether the review is of one namespace: then it may not ask about paths nor about other namespaces. */
  readonly namespaced: boolean;
}

function attributes(spec: V1SubjectAccessReview['spec'], at: Report): void {
  const { resourceAttributes: resource, nonResourceAttributes: path } = spec;
  if (resource && path) at.invalid('not beside resourceAttributes', 'nonResourceAttributes');
  if (!resource && !path) at.invalid('either this or nonResourceAttributes is needed', 'resourceAttributes');
}

function isBare({ managedFields: _, namespace, ...rest }: V1ObjectMeta, namespaced: boolean): boolean {
  return (namespaced || !namespace) && Object.values(rest).every(isEmpty);
}

/** What is wrong with a SubjectAccessReview or one of its kin, in upstream's order. */
export function accessReviewProblems(
  review: V1SubjectAccessReview,
  { namesSubject, namespaced }: AccessReviewForm,
): FieldError[] {
  const whole: Rule<V1SubjectAccessReview> = ({ metadata = {}, spec }, at) => {
    const { resourceAttributes: resource, nonResourceAttributes: path } = spec;
    at.enter('spec');
    attributes(spec, at);
    if (namesSubject && !spec.user && isEmpty(spec.groups)) at.invalid('a user or a group is needed', 'user');
    fields<typeof spec>({ resourceAttributes })(spec, at, undefined);
    at.leave();
    if (!isBare(metadata, namespaced)) at.invalid('must be empty', 'metadata');
    if (!namespaced) return;
    if (resource && (resource.namespace ?? '') !== (metadata.namespace ?? '')) {
      at.invalid('must be the namespace of the review', 'spec', 'resourceAttributes', 'namespace');
    }
    if (path) at.invalid('cannot be asked within a namespace', 'spec', 'nonResourceAttributes');
  };
  return check(whole, { ...review, spec: review.spec ?? {} });
}
