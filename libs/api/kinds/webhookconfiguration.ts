import type { ResourceDefinition } from '../definition.ts';
import type {
  V1MutatingWebhook,
  V1MutatingWebhookConfiguration,
  V1ValidatingWebhookConfiguration,
} from '../gen/types.ts';
import type { KubeObject } from '../meta.ts';
import { labelSelector } from '../validation/labels.ts';
import { metadata } from '../validation/metadata.ts';
import { dns1035Label, dnsSubdomain } from '../validation/names.ts';
import { validations } from '../validation/object.ts';
import type { Report } from '../validation/report.ts';
import { all, each, fields, oneOf, present, type Rule, unique } from '../validation/rule.ts';
import {
  clientConfig,
  failurePolicy,
  hookName,
  matchConditions,
  matchPolicy,
  ruleWithOperations,
} from './admission/rules.ts';
import { ageColumn, integer, nameColumn } from './cells.ts';

const TIMEOUT_SECONDS = 10;
const TIMEOUT_SECONDS_MAX = 30;
const HTTPS_PORT = 443;
const REVIEW_VERSIONS = ['v1', 'v1beta1'];

/** Validating hooks are mutating ones without a word about being called again. */
type Hook = V1MutatingWebhook;
type Configuration = KubeObject & { webhooks?: Hook[] };

function reviewVersions(versions: readonly string[] | undefined, at: Report) {
  const step = 'admissionReviewVersions';
  if (!versions?.length) return at.required('', step);
  versions.forEach((version, i) => {
    if (versions.indexOf(version) < i) at.invalid('stands here twice', step, i);
    else for (const complaint of dns1035Label(version)) at.invalid(complaint, step, i);
  });
  if (!versions.some((version) => REVIEW_VERSIONS.includes(version)))
    at.invalid('must have a version that is spoken', step);
}

const hook: Rule<Hook> = all<Hook>(
  fields<Hook>({
    name: hookName,
    rules: each(ruleWithOperations),
    failurePolicy,
    matchPolicy,
    sideEffects: present(oneOf(['None', 'NoneOnDryRun'])),
    timeoutSeconds: (seconds: number, at) => {
      if (seconds < 1 || seconds > TIMEOUT_SECONDS_MAX) at.invalid('must be between 1 and 30');
    },
    namespaceSelector: labelSelector,
    objectSelector: labelSelector,
    reinvocationPolicy: oneOf(['IfNeeded', 'Never']),
  }),
  (value, at) => clientConfig(value.clientConfig, at, 'clientConfig'),
  fields<Hook>({ matchConditions }),
  (value, at) => reviewVersions(value.admissionReviewVersions, at),
);

const hooks: Rule<readonly Hook[]> = all<readonly Hook[]>(
  each(hook),
  unique((value) => value.name, 'name'),
);

function defaultHooks(list: Hook[] | undefined): void {
  for (const value of list ?? []) {
    value.failurePolicy ??= 'Fail';
    value.matchPolicy ??= 'Equivalent';
    value.namespaceSelector ??= {};
    value.objectSelector ??= {};
    value.timeoutSeconds ??= TIMEOUT_SECONDS;
    for (const rule of value.rules ?? []) rule.scope ??= '*';
    if (value.clientConfig?.service) value.clientConfig.service.port ??= HTTPS_PORT;
  }
}

const shared = {
  updateNeedsVersion: true,
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  categories: ['api-extensions'],
  namespaced: false,
  hasGeneration: true,
  columns: [
    nameColumn,
    integer<Configuration>('Webhooks', 'Number of hooks.', (o) => o.webhooks?.length ?? 0),
    ageColumn,
  ],
  ...validations<Configuration>({
    metadata: metadata({ name: dnsSubdomain, namespaced: false, freeFinalizers: true }),
    object: fields<Configuration>({ webhooks: hooks }),
    metadataAgain: true,
  }),
} as const;

export const validatingwebhookconfigurations: ResourceDefinition<V1ValidatingWebhookConfiguration> = {
  ...shared,
  kind: 'ValidatingWebhookConfiguration',
  plural: 'validatingwebhookconfigurations',
  singular: 'validatingwebhookconfiguration',
  type: 'V1ValidatingWebhookConfiguration',
  setDefaults: (draft) => defaultHooks(draft.webhooks),
};

export const mutatingwebhookconfigurations: ResourceDefinition<V1MutatingWebhookConfiguration> = {
  ...shared,
  kind: 'MutatingWebhookConfiguration',
  plural: 'mutatingwebhookconfigurations',
  singular: 'mutatingwebhookconfiguration',
  type: 'V1MutatingWebhookConfiguration',
  setDefaults(draft) {
    defaultHooks(draft.webhooks);
    for (const value of draft.webhooks ?? []) value.reinvocationPolicy ??= 'Never';
  },
};
