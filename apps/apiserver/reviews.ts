import type { ResourceDefinition } from '../../libs/api/definition.ts';
import type {
  V1SelfSubjectRulesReview,
  V1SubjectAccessReview,
  V1TokenReview,
  V1UserInfo,
} from '../../libs/api/gen/types.ts';
import { reviewKinds } from '../../libs/api/kinds/review.ts';
import type { KubeObject } from '../../libs/api/meta.ts';
import { type AccessReviewForm, accessReviewProblems } from '../../libs/api/validation/access-review.ts';
import type { RequestAttributes } from '../../libs/auth/attributes.ts';
import { userOfToken } from '../../libs/auth/authenticator.ts';
import type { UserInfo } from '../../libs/auth/user.ts';
import { type Clock, rfc3339 } from '../../libs/base/clock.ts';
import { badRequest, invalid } from '../../libs/registry/errors.ts';
import { recordCreate } from '../../libs/registry/field-managers.ts';
import type { Registry } from '../../libs/registry/registry.ts';
import { type Reviewer, ReviewResource } from '../../libs/registry/review-resource.ts';
import type { Auth } from './auth.ts';

/** Serves the kinds by which clients ask who they are and what they may. */
export function serveReviews(registry: Registry, auth: Auth, clock: Clock): void {
  const serve = (definition: ResourceDefinition, review: Reviewer) => {
    const recorded: Reviewer = (object, request, at) => {
      recordCreate(definition, object, request, clock);
      return review(object, request, at);
    };
    registry.serve({ definition, service: new ReviewResource(definition, recorded) });
  };
  serve(reviewKinds.selfSubject, (review, { user }) => selfSubject(review, user, clock));
  serve(reviewKinds.token, (review) => tokenReview(auth, review as V1TokenReview));
  serve(reviewKinds.selfSubjectAccess, (review, { user }) => {
    const { spec } = checked(review, { namesSubject: false, namespaced: false });
    return { ...review, status: decide(auth, user, attributesOf(spec)) };
  });
  serve(reviewKinds.subjectAccess, (review) =>
    subjectAccess(auth, checked(review, { namesSubject: true, namespaced: false })),
  );
  serve(reviewKinds.localSubjectAccess, (review, _request, at) => {
    review.metadata = { ...review.metadata, namespace: review.metadata?.namespace || at.namespace };
    if (review.metadata.namespace !== at.namespace) throw otherNamespace();
    return subjectAccess(auth, checked(review, { namesSubject: true, namespaced: true }));
  });
  serve(reviewKinds.selfSubjectRules, (review, { user }) => selfRules(auth, review as V1SelfSubjectRulesReview, user));
}

function otherNamespace() {
  return badRequest('the namespace of the provided object does not match the namespace sent on the request');
}

function selfSubject(review: KubeObject, user: UserInfo, clock: Clock): KubeObject {
  const metadata = { creationTimestamp: rfc3339(clock.now()) };
  return {
    kind: review.kind,
    apiVersion: review.apiVersion,
    metadata,
    status: { userInfo: wireUser(user) },
  } as KubeObject;
}

function wireUser(user: UserInfo): V1UserInfo {
  const entries = Object.entries(user.extra ?? {}).map(([key, list]) => [key, [...list]]);
  const extra = entries.length > 0 ? Object.fromEntries(entries) : undefined;
  return { username: user.name, uid: user.uid, groups: [...user.groups], extra };
}

async function tokenReview(auth: Auth, review: V1TokenReview): Promise<KubeObject> {
  const token = review.spec.token ?? '';
  const audiences = review.spec.audiences ?? [];
  if (token === '') throw badRequest('token is required for TokenReview in authentication');
  const { issuer } = auth.serviceAccountTokens;
  const wanted = audiences.length > 0 ? audiences : [issuer];
  const bound = auth.serviceAccountTokens.userOf(token, wanted);
  if (bound) {
    return {
      ...review,
      status: { authenticated: true, user: wireUser(bound.user), audiences: bound.audiences },
    } as KubeObject;
  }
  try {
    const user = await userOfToken(auth.tokens, token);
    // Tokens that name no audience are meant for this server.
    if (wanted.includes(issuer)) {
      return { ...review, status: { authenticated: true, user: wireUser(user), audiences: [issuer] } } as KubeObject;
    }
  } catch {
    // falls through: an unknown token is an answer, not a failure
  }
  return { ...review, status: { user: {}, error: 'invalid bearer token' } } as KubeObject;
}

/** @throws StatusError Invalid, which names no kind, as upstream. */
function checked(review: KubeObject, form: AccessReviewForm): V1SubjectAccessReview {
  const problems = accessReviewProblems(review as V1SubjectAccessReview, form);
  if (problems.length > 0) throw invalid({ group: reviewKinds.subjectAccess.group, kind: '' }, '', problems);
  return review as V1SubjectAccessReview;
}

function attributesOf(spec: V1SubjectAccessReview['spec']): RequestAttributes {
  const { resourceAttributes: resource, nonResourceAttributes: path } = spec;
  if (path) return { verb: path.verb ?? '', path: path.path ?? '' };
  const { verb = '', group = '', version = '', resource: plural = '', subresource, namespace, name } = resource ?? {};
  const at = { group, version, plural, subresource: subresource || undefined, namespace: namespace || undefined };
  return { verb, path: '', resource: { ...at, name: name || undefined } };
}

function decide(auth: Auth, user: UserInfo, attributes: RequestAttributes) {
  const { verdict, reason } = auth.authorizer.authorize(user, attributes);
  return { allowed: verdict === 'allow', denied: verdict === 'deny' || undefined, reason };
}

function subjectAccess(auth: Auth, review: V1SubjectAccessReview): KubeObject {
  const { spec } = review;
  const user: UserInfo = { name: spec.user ?? '', uid: spec.uid, groups: spec.groups ?? [] };
  return { ...review, status: decide(auth, user, attributesOf(spec)) } as KubeObject;
}

function selfRules(auth: Auth, review: V1SelfSubjectRulesReview, user: UserInfo): KubeObject {
  const namespace = review.spec.namespace;
  if (!namespace) throw badRequest('no namespace on request');
  const rules = [...auth.rbac.grantsOf(user)]
    .filter((one) => one.namespace === undefined || one.namespace === namespace)
    .flatMap((one) => one.rules);
  const status = {
    resourceRules: rules.filter((rule) => rule.resources?.length),
    nonResourceRules: rules.filter((rule) => rule.nonResourceURLs?.length),
    incomplete: false,
  };
  const { kind, apiVersion } = review;
  return { kind, apiVersion, metadata: {}, spec: {}, status } as KubeObject;
}
