import type { ResourceDefinition } from '../definition.ts';
import type { V1IngressClass, V1IngressClassParametersReference, V1IngressClassSpec } from '../gen/types.ts';
import { clusterMetadata } from '../validation/metadata.ts';
import { dnsLabel, dnsSubdomain, domainPrefixedPath, pathSegment } from '../validation/names.ts';
import { immutable, validations } from '../validation/object.ts';
import { all, fields, maxLength, present, type Rule, required, text } from '../validation/rule.ts';
import { ageColumn, text as column } from './cells.ts';

const CONTROLLER_LENGTH_MAX = 250;
const SCOPES = ['Cluster', 'Namespace'];
const DEFAULT_CLASS = 'ingressclass.kubernetes.io/is-default-class';

const scope: Rule<V1IngressClassParametersReference> = ({ scope: where, namespace }, at) => {
  if (where === undefined) return at.required('', 'scope');
  if (!SCOPES.includes(where)) return at.notSupported(SCOPES, 'scope');
  if (where === 'Cluster' && namespace !== undefined) at.forbidden('not with scope Cluster', 'namespace');
  if (where !== 'Namespace') return;
  if (namespace === undefined) at.required('needed by scope Namespace', 'namespace');
  else for (const complaint of dnsLabel(namespace)) at.invalid(complaint, 'namespace');
};

const parameters: Rule<V1IngressClassParametersReference> = all<V1IngressClassParametersReference>(
  fields<V1IngressClassParametersReference>({
    apiGroup: text(dnsSubdomain),
    kind: required(text(pathSegment)),
    name: required(text(pathSegment)),
  }),
  scope,
);

const controller: Rule<string> = required(all<string>(maxLength(CONTROLLER_LENGTH_MAX), text(domainPrefixedPath)));

function parametersCell({ spec }: V1IngressClass): string {
  const given = spec?.parameters;
  if (!given) return '<none>';
  return `${given.kind}${given.apiGroup === undefined ? '' : `.${given.apiGroup}`}/${given.name}`;
}

function nameCell(object: V1IngressClass): string {
  const standard: unknown = object.metadata?.annotations?.[DEFAULT_CLASS];
  return `${object.metadata?.name ?? ''}${standard === 'true' ? ' (default)' : ''}`;
}

export const ingressclasses: ResourceDefinition<V1IngressClass> = {
  group: 'networking.k8s.io',
  version: 'v1',
  kind: 'IngressClass',
  plural: 'ingressclasses',
  singular: 'ingressclass',
  namespaced: false,
  type: 'V1IngressClass',
  hasGeneration: true,
  setDefaults(draft) {
    if (draft.spec?.parameters) draft.spec.parameters.scope ??= 'Cluster';
  },
  ...validations<V1IngressClass>({
    metadata: clusterMetadata,
    object: fields<V1IngressClass>({ spec: present(fields<V1IngressClassSpec>({ controller, parameters })) }),
    before: immutable<V1IngressClass>('spec.controller'),
    metadataAgain: true,
  }),
  columns: [
    { ...column<V1IngressClass>('Name', 'Name of the class.', nameCell), format: 'name' },
    column('Controller', 'Who serves ingresses of the class.', (object) => object.spec?.controller ?? ''),
    column('Parameters', 'What else it is told.', parametersCell),
    ageColumn,
  ],
};
