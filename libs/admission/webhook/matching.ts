import type { ResourceDefinition } from '../../api/definition.ts';
import type { V1NamedRuleWithOperations } from '../../api/gen/types.ts';
import type { KubeObject } from '../../api/meta.ts';
import { type LabelSelector, matchesLabels } from '../../api/selectors/requirement.ts';
import type { Collection } from '../../cache/collection.ts';
import { notFound } from '../../registry/errors.ts';
import type { AdmissionAttributes } from '../../registry/parts.ts';

/** Kinds that no webhook may stand in the way of, so that a broken one can always be mended. */
const exemptKinds = new Set([
  'ValidatingWebhookConfiguration',
  'MutatingWebhookConfiguration',
  'ValidatingAdmissionPolicy',
  'ValidatingAdmissionPolicyBinding',
  'MutatingAdmissionPolicy',
  'MutatingAdmissionPolicyBinding',
]);

export function isExempt({ group, kind }: { group: string; kind: string }): boolean {
  return group === 'admissionregistration.k8s.io' && exemptKinds.has(kind);
}

export interface MatchParts {
  readonly namespaces: Collection;
  /** Other versions of the same objects that are served. */
  equivalents(definition: ResourceDefinition): readonly ResourceDefinition[];
}

/** Which requests a webhook or a policy is about. */
export interface Concern {
  /** Any of these; every request when there are none and `anyResource` is set. */
  readonly rules: readonly V1NamedRuleWithOperations[];
  readonly anyResource?: boolean;
  /** None of these. */
  readonly excluded?: readonly V1NamedRuleWithOperations[];
  readonly namespaceSelector: LabelSelector;
  readonly objectSelector: LabelSelector;
  readonly hook: { readonly matchPolicy?: string };
}

/** The resource as which the webhook is asked about the request; undefined when it is not asked. @throws StatusError. */
export function matchWebhook(
  webhook: Concern,
  attributes: AdmissionAttributes,
  parts: MatchParts,
): ResourceDefinition | undefined {
  if (webhook.excluded?.length && resourceAs(webhook.excluded, webhook, { attributes, parts })) return undefined;
  const all = webhook.anyResource && webhook.rules.length === 0;
  const found = all ? attributes.definition : resourceAs(webhook.rules, webhook, { attributes, parts });
  if (!found || !matchesObject(webhook, attributes)) return undefined;
  return matchesNamespace(webhook, attributes, parts.namespaces) ? found : undefined;
}

/** The resource, or another version of it, that one of the rules speaks of. */
function resourceAs(
  rules: readonly V1NamedRuleWithOperations[],
  { hook }: Pick<Concern, 'hook'>,
  { attributes, parts }: { attributes: AdmissionAttributes; parts: MatchParts },
): ResourceDefinition | undefined {
  const { definition } = attributes;
  const matches = (one: ResourceDefinition) => rules.some((rule) => matchesRule(rule, attributes, one));
  if (matches(definition)) return definition;
  return hook.matchPolicy !== 'Equivalent' ? undefined : parts.equivalents(definition).find(matches);
}

const isNamespaces = ({ group, plural }: ResourceDefinition) => group === '' && plural === 'namespaces';

/** Whether the rule speaks of the operation and of the resource, taken as `definition`. */
function matchesRule(
  rule: V1NamedRuleWithOperations,
  attributes: AdmissionAttributes,
  definition: ResourceDefinition,
): boolean {
  const inNamespace = attributes.at.namespace !== undefined && !isNamespaces(definition);
  if (rule.scope === 'Namespaced' && !inNamespace) return false;
  if (rule.scope === 'Cluster' && inNamespace) return false;
  if (rule.resourceNames?.length && !rule.resourceNames.includes(attributes.at.name ?? '')) return false;
  return (
    has(rule.operations, attributes.operation.toUpperCase()) &&
    has(rule.apiGroups, definition.group) &&
    has(rule.apiVersions, definition.version) &&
    (rule.resources ?? []).some((text) => matchesResource(text, definition.plural, attributes.subresource ?? ''))
  );
}

function has(list: readonly string[] | undefined, wanted: string): boolean {
  return list !== undefined && (list.includes('*') || list.includes(wanted));
}

/** `pods`, `pods/*`, `*`, `any resource with `/scale``: a word without a slash means no subresource. */
function matchesResource(text: string, plural: string, subresource: string): boolean {
  const slash = text.indexOf('/');
  const resource = slash < 0 ? text : text.slice(0, slash);
  const part = slash < 0 ? '' : text.slice(slash + 1);
  return (resource === '*' || resource === plural) && (part === '*' || part === subresource);
}

/** The object before or after the change has the labels. */
function matchesObject({ objectSelector }: Concern, { object, previous }: AdmissionAttributes): boolean {
  if (objectSelector.length === 0) return true;
  const labelled = (one: KubeObject | undefined) =>
    one !== undefined && matchesLabels(objectSelector, one.metadata?.labels ?? {});
  return labelled(object) || labelled(previous);
}

/** What is in no namespace is never exempted by one. */
function matchesNamespace(
  { namespaceSelector }: Concern,
  { definition, at, operation, object }: AdmissionAttributes,
  namespaces: Collection,
): boolean {
  if (namespaceSelector.length === 0) return true;
  const own = isNamespaces(definition);
  if (own && object && (operation === 'create' || operation === 'update')) {
    return matchesLabels(namespaceSelector, object.metadata?.labels ?? {});
  }
  const name = own ? at.name : at.namespace;
  if (name === undefined) return true;
  const namespace = namespaces.get(name)?.object;
  if (!namespace) throw notFound({ group: '', plural: 'namespaces' }, name);
  return matchesLabels(namespaceSelector, namespace.metadata?.labels ?? {});
}
