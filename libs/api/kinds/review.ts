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

export const reviews: readonly ResourceDefinition[] = [
  review('authentication.k8s.io', 'SelfSubjectReview'),
  review('authentication.k8s.io', 'TokenReview'),
  review('authorization.k8s.io', 'LocalSubjectAccessReview', 'namespace'),
  review('authorization.k8s.io', 'SelfSubjectAccessReview'),
  review('authorization.k8s.io', 'SelfSubjectRulesReview'),
  review('authorization.k8s.io', 'SubjectAccessReview'),
];

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
