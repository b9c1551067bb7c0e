import type { ResourceDefinition } from '../definition.ts';

const CREATE_ONLY = ['create'] as const;

/** A kind whose objects are questions: they are created to be answered and never kept. */
function review(group: string, kind: string, scope: 'namespace' | 'cluster' = 'cluster'): ResourceDefinition {
  const singular = kind.toLowerCase();
  return {
    group,
    version: 'v1',
    kind,
    plural: `${singular}s`,
    singular,
    namespaced: scope === 'namespace',
    type: `V1${kind}`,
    verbs: CREATE_ONLY,
  };
}

export const reviewKinds = {
  selfSubject: review('authentication.k8s.io', 'SelfSubjectReview'),
  token: review('authentication.k8s.io', 'TokenReview'),
  localSubjectAccess: review('authorization.k8s.io', 'LocalSubjectAccessReview', 'namespace'),
  selfSubjectAccess: review('authorization.k8s.io', 'SelfSubjectAccessReview'),
  selfSubjectRules: review('authorization.k8s.io', 'SelfSubjectRulesReview'),
  subjectAccess: review('authorization.k8s.io', 'SubjectAccessReview'),
};

export const reviews: readonly ResourceDefinition[] = Object.values(reviewKinds);

const subresourceOnly = (group: string, kind: string, type: string): ResourceDefinition => {
  return { ...review(group, kind, 'namespace'), type };
};

/** What is created as a part of another object; these are no resources of their own. */
export const createdParts = {
  token: subresourceOnly('authentication.k8s.io', 'TokenRequest', 'AuthenticationV1TokenRequest'),
  eviction: subresourceOnly('policy', 'Eviction', 'V1Eviction'),
};

/** Bindings are created, and read nowhere but in the pods they bind. */
export const bindings: ResourceDefinition = review('', 'Binding', 'namespace');
