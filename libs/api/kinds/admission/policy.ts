import type {
  V1ApplyConfiguration,
  V1AuditAnnotation,
  V1ExpressionWarning,
  V1JSONPatch,
  V1MutatingAdmissionPolicy,
  V1MutatingAdmissionPolicySpec,
  V1Mutation,
  V1ParamKind,
  V1TypeChecking,
  V1ValidatingAdmissionPolicy,
  V1ValidatingAdmissionPolicySpec,
  V1ValidatingAdmissionPolicyStatus,
  V1Validation,
  V1Variable,
} from '../../gen/types.ts';
import { conditions } from '../../validation/conditions.ts';
import { dns1035Label, dnsSubdomain, qualifiedName } from '../../validation/names.ts';
import type { Report } from '../../validation/report.ts';
import { all, each, fields, isEmpty, oneOf, present, type Rule, required } from '../../validation/rule.ts';
import { isFieldPath } from './field-ref.ts';
import { failurePolicy, matchConditions, matchResources, mutableOperations } from './rules.ts';

const AUDIT_ANNOTATIONS_MAX = 20;
const VALUE_EXPRESSION_BYTES_MAX = 5 * 1024;
const REASONS = ['Forbidden', 'Invalid', 'RequestEntityTooLarge'];
const PATCH_TYPES = ['ApplyConfiguration', 'JSONPatch'];

/** Words that CEL keeps for itself. */
const RESERVED = new Set([
  ...['true', 'false', 'null', 'in', 'as', 'break', 'const', 'continue', 'else', 'for', 'function', 'if', 'import'],
  ...['let', 'loop', 'package', 'namespace', 'return', 'var', 'void', 'while'],
]);

const isBlank = (text: string | undefined) => !text?.trim();
const hasLineBreaks = (text: string) => /[\n\r]/.test(text.trim());

const groupVersion: Rule<string> = (value, at) => {
  const steps = value === '/' ? [''] : value.split('/');
  if (steps.length > 2) return at.invalid('must be a group and a version');
  const [version = '', group = ''] = steps.reverse();
  if (group) for (const complaint of dnsSubdomain(group)) at.invalid(complaint);
  if (!version) at.invalid('must name a version');
  else for (const complaint of dns1035Label(version)) at.invalid(complaint);
};

const kindName: Rule<string> = (value, at) => {
  for (const complaint of dns1035Label(value.toLowerCase())) at.invalid(complaint);
};

const paramKind: Rule<V1ParamKind> = fields<V1ParamKind>({
  apiVersion: required(groupVersion),
  kind: required(kindName),
});

const variables: Rule<readonly V1Variable[]> = each<V1Variable>(({ name, expression }, at) => {
  if (isBlank(name)) at.required('', 'name');
  else if (!/^[_a-zA-Z][_a-zA-Z0-9]*$/.test(name) || RESERVED.has(name)) at.invalid('must be an identifier', 'name');
  if (isBlank(expression)) at.required('', 'expression');
});

const validation: Rule<V1Validation> = ({ expression, message, messageExpression, reason }, at) => {
  if (isBlank(expression)) at.required('', 'expression');
  if (messageExpression && isBlank(messageExpression)) at.invalid('must not be blank', 'messageExpression');
  if (message && isBlank(message)) at.invalid('must not be blank', 'message');
  else if (message && hasLineBreaks(message)) at.invalid('must not have line breaks', 'message');
  if (reason !== undefined && !REASONS.includes(reason)) at.notSupported(REASONS, 'reason');
};

/** Whether the value of an audit annotation takes more text than one may; nobody looks into such a text. */
export function isOverlongValueExpression(text: string | undefined): boolean {
  return Buffer.byteLength(text?.trim() ?? '') > VALUE_EXPRESSION_BYTES_MAX;
}

/** The key of an annotation is the policy's name and its own. */
function annotation({ key, valueExpression }: V1AuditAnnotation, policyName: string | undefined, at: Report): void {
  if (!policyName) at.invalid('the policy must have a name', 'key');
  else for (const complaint of qualifiedName(`${policyName}/${key ?? ''}`)) at.invalid(complaint, 'key');
  if (isBlank(valueExpression) || isOverlongValueExpression(valueExpression))
    at.required('must be there and not too long', 'valueExpression');
}

function annotations(list: readonly V1AuditAnnotation[], policyName: string | undefined, at: Report): void {
  at.enter('auditAnnotations');
  if (list.length > AUDIT_ANNOTATIONS_MAX) at.invalid(`must not be more than ${AUDIT_ANNOTATIONS_MAX}`);
  const seen = new Set<string>();
  list.forEach((item, i) => {
    at.enter(i);
    annotation(item, policyName, at);
    const key = item.key ?? '';
    if (seen.has(key)) at.duplicate(key, 'key');
    seen.add(key);
    at.leave();
  });
  at.leave();
}

type Matching = Pick<V1ValidatingAdmissionPolicySpec, 'matchConstraints'>;

const hasRules: Rule<Matching> = ({ matchConstraints }, at) => {
  if (matchConstraints && isEmpty(matchConstraints.resourceRules)) at.required('', 'matchConstraints', 'resourceRules');
};

const validatingSpec: Rule<V1ValidatingAdmissionPolicySpec> = all<V1ValidatingAdmissionPolicySpec>(
  fields<V1ValidatingAdmissionPolicySpec>({ failurePolicy, paramKind, matchConstraints: present(matchResources) }),
  hasRules,
  fields<V1ValidatingAdmissionPolicySpec>({ matchConditions, variables }),
  (spec, at) => {
    if (!isEmpty(spec.validations) || !isEmpty(spec.auditAnnotations)) return;
    at.required('or auditAnnotations', 'validations');
    at.required('or validations', 'auditAnnotations');
  },
  fields<V1ValidatingAdmissionPolicySpec>({ validations: each(validation) }),
);

export const validatingPolicy: Rule<V1ValidatingAdmissionPolicy> = all<V1ValidatingAdmissionPolicy>(
  fields<V1ValidatingAdmissionPolicy>({ spec: present(validatingSpec) }),
  ({ metadata, spec }, at) => {
    if (!spec?.auditAnnotations) return;
    at.enter('spec');
    annotations(spec.auditAnnotations, metadata?.name, at);
    at.leave();
  },
);

const expressionWarning: Rule<V1ExpressionWarning> = ({ warning, fieldRef }, at) => {
  if (!warning) at.required('', 'warning');
  if (isBlank(fieldRef)) at.required('', 'fieldRef');
  else if (!isFieldPath(fieldRef.trim())) at.invalid('must be a path', 'fieldRef');
};

export const validatingPolicyStatus: Rule<V1ValidatingAdmissionPolicy> = fields<V1ValidatingAdmissionPolicy>({
  status: fields<V1ValidatingAdmissionPolicyStatus>({
    typeChecking: fields<V1TypeChecking>({ expressionWarnings: each(expressionWarning) }),
    conditions,
  }),
});

type Expression = V1ApplyConfiguration | V1JSONPatch;

const expression: Rule<Expression> = (value, at) => {
  if (isBlank(value.expression)) at.required('', 'expression');
};

/** A patch is told in the field that its type names, and in no other. */
const mutation: Rule<V1Mutation> = (value, at, context) => {
  const { patchType } = value;
  if (!patchType) return at.required('', 'patchType');
  if (!PATCH_TYPES.includes(patchType)) return at.notSupported(PATCH_TYPES, 'patchType');
  const [own, other] =
    patchType === 'JSONPatch'
      ? (['jsonPatch', 'applyConfiguration'] as const)
      : (['applyConfiguration', 'jsonPatch'] as const);
  fields<V1Mutation>({ [own]: present(expression) })(value, at, context);
  if (value[other] !== undefined) at.invalid(`not with ${patchType}`, other);
};

const mutatingSpec: Rule<V1MutatingAdmissionPolicySpec> = all<V1MutatingAdmissionPolicySpec>(
  fields<V1MutatingAdmissionPolicySpec>({ failurePolicy, paramKind, matchConstraints: present(matchResources) }),
  hasRules,
  fields<V1MutatingAdmissionPolicySpec>({
    matchConstraints: mutableOperations,
    matchConditions,
    variables,
    mutations: required(each(mutation)),
    reinvocationPolicy: required(oneOf(['IfNeeded', 'Never'])),
  }),
);

export const mutatingPolicy: Rule<V1MutatingAdmissionPolicy> = fields<V1MutatingAdmissionPolicy>({
  spec: present(mutatingSpec),
});
