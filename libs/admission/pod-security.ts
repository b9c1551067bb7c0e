import type { V1JobTemplateSpec, V1Namespace, V1Pod, V1PodSpec, V1PodTemplateSpec } from '../api/gen/types.ts';
import type { KubeObject } from '../api/meta.ts';
import type { Document } from '../cache/document.ts';
import type { StoreMirror } from '../cache/mirror.ts';
import { forbidden, invalid } from '../registry/errors.ts';
import type { AdmissionAttributes } from '../registry/parts.ts';
import type { AdmissionPlugin } from './chain.ts';
import { namespaceWarnings } from './podsecurity/namespace-warnings.ts';
import { isSame, isStricter, policyOf, type Standard, standardText } from './podsecurity/policy.ts';
import { detailText, violations } from './podsecurity/standards.ts';
import type { Subject } from './podsecurity/subject.ts';

const auditPrefix = 'pod-security.kubernetes.io/';

/** Subresources of pods that leave what the standards look at as it is. */
const harmless = new Set(['exec', 'attach', 'binding', 'eviction', 'log', 'portforward', 'proxy', 'status']);

const workloads = [
  '/replicationcontrollers',
  '/podtemplates',
  'apps/replicasets',
  'apps/deployments',
  'apps/statefulsets',
  'apps/daemonsets',
  'batch/jobs',
  'batch/cronjobs',
];

type Reading = ReturnType<typeof policyOf>;

/** Holds pods to the Pod Security Standards that their namespace's labels name. */
export function podSecurity(mirror: StoreMirror): AdmissionPlugin {
  const namespaces = mirror.collection('', 'namespaces');
  const pods = mirror.collection('', 'pods');
  const known = new WeakMap<Document, Reading>();
  const readingFor = (namespace: string | undefined): Reading | undefined => {
    const document = namespaces.get(namespace ?? '');
    if (!document) return undefined;
    let reading = known.get(document);
    if (!reading) {
      reading = policyOf(document.object.metadata?.labels);
      known.set(document, reading);
    }
    return reading;
  };
  return {
    name: 'PodSecurity',
    resources: ['/pods', '/namespaces', ...workloads],
    validate(attributes) {
      const { definition, operation, subresource } = attributes;
      if (operation === 'delete' || !attributes.object) return;
      if (definition.plural === 'namespaces') {
        if (subresource === undefined) judgeNamespace(attributes, (name) => listed(pods.list({ namespace: name })));
        return;
      }
      if (definition.plural === 'pods' ? harmless.has(subresource ?? '') : subresource !== undefined) return;
      const reading = readingFor(attributes.at.namespace);
      if (reading) judge(attributes, reading);
    },
  };
}

function listed(documents: Iterable<[string, Document]>): V1Pod[] {
  return Array.from(documents, ([, { object }]) => object as V1Pod);
}

function judge(attributes: AdmissionAttributes, { policy, errors }: Reading): void {
  const { definition, object, previous, request } = attributes;
  const isPod = definition.plural === 'pods';
  const lenient = policy.warn.level === 'privileged' && policy.audit.level === 'privileged';
  if (lenient && !isPod) return;
  if (isPod && previous && !changesMuch(object as V1Pod, previous as V1Pod)) return;
  const note = (key: string, text: string) => request.annotate?.(auditPrefix + key, text);
  if (isPod) note('enforce-policy', standardText(policy.enforce));
  if (lenient && errors.length === 0 && policy.enforce.level === 'privileged') return;
  const subject = subjectOf(definition.plural, object as KubeObject);
  if (!subject) return;
  if (errors.length > 0) note('error', `Failed to parse policy: ${errors.map(errorText).join(', ')}`);
  const against = (standard: Standard) => detailText(violations(standard, subject));
  const audited = against(policy.audit);
  if (audited) note('audit-violations', `would violate PodSecurity "${standardText(policy.audit)}": ${audited}`);
  const enforced = isPod && against(policy.enforce);
  if (enforced) {
    const { name, generateName = '' } = object?.metadata ?? {};
    const why = `violates PodSecurity "${standardText(policy.enforce)}": ${enforced}`;
    throw forbidden(definition, name ?? generateName, why);
  }
  const warned = against(policy.warn);
  if (warned) request.warn(`would violate PodSecurity "${standardText(policy.warn)}": ${warned}`);
}

/** Images and containers are all that may change of what the standards look at. */
function changesMuch({ spec }: V1Pod, { spec: before }: V1Pod): boolean {
  const images = (one: V1PodSpec | undefined) =>
    JSON.stringify([
      one?.containers?.map(({ image }) => image),
      one?.initContainers?.map(({ image }) => image),
      one?.ephemeralContainers?.map(({ name, image }) => [name, image]),
    ]);
  return images(spec) !== images(before);
}

interface Templated extends KubeObject {
  template?: V1PodTemplateSpec;
  spec?: { template?: V1PodTemplateSpec; jobTemplate?: V1JobTemplateSpec };
}

/** The pod itself, or what the pods of a workload will be. */
function subjectOf(plural: string, object: KubeObject): Subject | undefined {
  if (plural === 'pods') {
    const { metadata = {}, spec } = object as V1Pod;
    return spec && { metadata, spec };
  }
  const { template, spec } = object as Templated;
  const { metadata = {}, spec: podSpec } = template ?? spec?.template ?? spec?.jobTemplate?.spec?.template ?? {};
  return podSpec && { metadata, spec: podSpec };
}

function judgeNamespace(attributes: AdmissionAttributes, podsOf: (namespace: string) => V1Pod[]): void {
  const { definition, object, previous, request } = attributes;
  const name = (object as V1Namespace).metadata?.name ?? '';
  const { policy, errors } = policyOf(object?.metadata?.labels);
  const before = previous && policyOf(previous.metadata?.labels);
  if (errors.length > 0 && JSON.stringify(errors) !== JSON.stringify(before?.errors)) {
    const causes = errors.map(({ label, value, message }) => ({
      field: `metadata.labels[${label}]`,
      reason: 'FieldValueInvalid' as const,
      message: `Invalid value: ${JSON.stringify(value)}: ${message}`,
    }));
    throw invalid(definition, name, causes);
  }
  if (!before || !tightens(policy.enforce, before.policy.enforce)) return;
  for (const warning of namespaceWarnings(name, podsOf(name), policy.enforce)) request.warn(warning);
}

function tightens(standard: Standard, before: Standard): boolean {
  if (isSame(standard, before) || standard.level === 'privileged') return false;
  return standard.version !== before.version || isStricter(standard.level, before.level);
}

function errorText({ label, value, message }: Reading['errors'][number]): string {
  return `metadata.labels[${label}]: Invalid value: ${JSON.stringify(value)}: ${message}`;
}
