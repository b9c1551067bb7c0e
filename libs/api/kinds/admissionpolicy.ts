import type { ResourceDefinition } from '../definition.ts';
import type {
  V1MutatingAdmissionPolicy,
  V1MutatingAdmissionPolicyBinding,
  V1MutatingAdmissionPolicyBindingSpec,
  V1ParamKind,
  V1ParamRef,
  V1ValidatingAdmissionPolicy,
  V1ValidatingAdmissionPolicyBinding,
  V1ValidatingAdmissionPolicyBindingSpec,
} from '../gen/types.ts';
import type { KubeObject } from '../meta.ts';
import { labelSelector } from '../validation/labels.ts';
import { metadata } from '../validation/metadata.ts';
import { dnsSubdomain, pathSegment } from '../validation/names.ts';
import { validations } from '../validation/object.ts';
import { all, below, fields, oneOf, present, type Rule, required, text } from '../validation/rule.ts';
import { mutatingPolicy, validatingPolicy, validatingPolicyStatus } from './admission/policy.ts';
import { defaultMatchResources, matchResources, mutableOperations } from './admission/rules.ts';
import { ageColumn, text as column, integer, nameColumn } from './cells.ts';
import { ownStatus } from './strategy.ts';

const ACTIONS = ['Audit', 'Deny', 'Warn'];

const meta = metadata({ name: dnsSubdomain, namespaced: false, freeFinalizers: true });

const paramRef: Rule<V1ParamRef> = (ref, at, context) => {
  const both = !!ref.name && !!ref.selector;
  if (ref.name) below(at, 'name', ref.name, text(pathSegment), context);
  if (both) at.forbidden('name and selector exclude each other', 'name');
  below(at, 'selector', ref.selector, labelSelector, context);
  if (both) at.forbidden('name and selector exclude each other', 'selector');
  if (!ref.name && !ref.selector) at.required('needs name or selector');
  fields<V1ParamRef>({ parameterNotFoundAction: required(oneOf(['Allow', 'Deny'])) })(ref, at, context);
};

const bindingSpec: Rule<V1MutatingAdmissionPolicyBindingSpec> = fields<V1MutatingAdmissionPolicyBindingSpec>({
  policyName: required(text(dnsSubdomain)),
  paramRef,
  matchResources,
});

const actions: Rule<V1ValidatingAdmissionPolicyBindingSpec> = ({ validationActions: list = [] }, at) => {
  if (list.length === 0) at.required('', 'validationActions');
  list.forEach((action, i) => {
    if (!ACTIONS.includes(action)) at.notSupported(ACTIONS, 'validationActions', i);
    if (list.indexOf(action) < i) at.duplicate(action, 'validationActions', i);
  });
  if (list.includes('Deny') && list.includes('Warn'))
    at.invalid('Deny and Warn exclude each other', 'validationActions');
};

const shared = {
  updateNeedsVersion: true,
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  categories: ['api-extensions'],
  namespaced: false,
  hasGeneration: true,
} as const;

function paramKindCell(kind: V1ParamKind | undefined): string {
  return kind ? `${kind.apiVersion}/${kind.kind}` : '<unset>';
}

type Binding = KubeObject & { spec?: { policyName?: string; paramRef?: V1ParamRef } };

function paramRefCell({ spec }: Binding): string {
  const ref = spec?.paramRef;
  if (!ref) return '<unset>';
  if (!ref.name) return '*';
  return ref.namespace ? `${ref.namespace}/${ref.name}` : `*/${ref.name}`;
}

const bindingColumns = [
  nameColumn,
  column<Binding>('PolicyName', 'The policy that is put to use.', ({ spec }) => spec?.policyName ?? ''),
  column<Binding>('ParamRef', 'Its parameters.', paramRefCell),
  ageColumn,
];

export const validatingadmissionpolicies: ResourceDefinition<V1ValidatingAdmissionPolicy> = {
  ...shared,
  kind: 'ValidatingAdmissionPolicy',
  plural: 'validatingadmissionpolicies',
  singular: 'validatingadmissionpolicy',
  type: 'V1ValidatingAdmissionPolicy',
  ...ownStatus<V1ValidatingAdmissionPolicy>('V1ValidatingAdmissionPolicyStatus'),
  setDefaults({ spec }) {
    if (spec) spec.failurePolicy ??= 'Fail';
    defaultMatchResources(spec?.matchConstraints);
  },
  ...validations<V1ValidatingAdmissionPolicy>({
    metadata: meta,
    object: validatingPolicy,
    metadataAgain: true,
    status: (policy, _previous, at) => validatingPolicyStatus(policy, at, undefined),
  }),
  columns: [
    nameColumn,
    integer('Validations', 'Number of validations.', ({ spec }) => spec?.validations?.length ?? 0),
    column('ParamKind', 'Kind of its parameters.', ({ spec }) => paramKindCell(spec?.paramKind)),
    ageColumn,
  ],
};

export const validatingadmissionpolicybindings: ResourceDefinition<V1ValidatingAdmissionPolicyBinding> = {
  ...shared,
  kind: 'ValidatingAdmissionPolicyBinding',
  plural: 'validatingadmissionpolicybindings',
  singular: 'validatingadmissionpolicybinding',
  type: 'V1ValidatingAdmissionPolicyBinding',
  setDefaults: ({ spec }) => defaultMatchResources(spec?.matchResources),
  ...validations<V1ValidatingAdmissionPolicyBinding>({
    metadata: meta,
    object: fields<V1ValidatingAdmissionPolicyBinding>({
      spec: present(all<V1ValidatingAdmissionPolicyBindingSpec>(bindingSpec, actions)),
    }),
    metadataAgain: true,
  }),
  columns: bindingColumns,
};

export const mutatingadmissionpolicies: ResourceDefinition<V1MutatingAdmissionPolicy> = {
  ...shared,
  kind: 'MutatingAdmissionPolicy',
  plural: 'mutatingadmissionpolicies',
  storageVersion: 'v1beta1',
  singular: 'mutatingadmissionpolicy',
  type: 'V1MutatingAdmissionPolicy',
  setDefaults({ spec }) {
    if (spec) spec.failurePolicy ??= 'Fail';
    defaultMatchResources(spec?.matchConstraints);
  },
  ...validations<V1MutatingAdmissionPolicy>({
    metadata: meta,
    object: mutatingPolicy,
    metadataAgain: true,
  }),
  columns: [
    nameColumn,
    integer('Mutations', 'Number of mutations.', ({ spec }) => spec?.mutations?.length ?? 0),
    column('ParamKind', 'Kind of its parameters.', ({ spec }) => paramKindCell(spec?.paramKind)),
    ageColumn,
  ],
};

export const mutatingadmissionpolicybindings: ResourceDefinition<V1MutatingAdmissionPolicyBinding> = {
  ...shared,
  kind: 'MutatingAdmissionPolicyBinding',
  plural: 'mutatingadmissionpolicybindings',
  storageVersion: 'v1beta1',
  singular: 'mutatingadmissionpolicybinding',
  type: 'V1MutatingAdmissionPolicyBinding',
  setDefaults: ({ spec }) => defaultMatchResources(spec?.matchResources),
  ...validations<V1MutatingAdmissionPolicyBinding>({
    metadata: meta,
    object: fields<V1MutatingAdmissionPolicyBinding>({
      spec: present(
        all(bindingSpec, fields<V1MutatingAdmissionPolicyBindingSpec>({ matchResources: mutableOperations })),
      ),
    }),
    metadataAgain: true,
  }),
  columns: bindingColumns,
};
