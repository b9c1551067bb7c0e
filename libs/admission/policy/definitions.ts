import type { FieldError, ResourceDefinition } from '../../api/definition.ts';
import type {
  V1MatchCondition,
  V1MutatingAdmissionPolicy,
  V1MutatingAdmissionPolicySpec,
  V1MutatingWebhookConfiguration,
  V1ValidatingAdmissionPolicy,
  V1ValidatingAdmissionPolicySpec,
  V1ValidatingWebhookConfiguration,
  V1Variable,
} from '../../api/gen/types.ts';
import { isOverlongValueExpression } from '../../api/kinds/admission/policy.ts';
import { mutatingadmissionpolicies, validatingadmissionpolicies } from '../../api/kinds/admissionpolicy.ts';
import {
  mutatingwebhookconfigurations,
  validatingwebhookconfigurations,
} from '../../api/kinds/webhookconfiguration.ts';
import type { KubeObject } from '../../api/meta.ts';
import { sameValue } from '../../api/validation/equality.ts';
import type { Registry } from '../../registry/registry.ts';
import { inOrder } from './complaint-order.ts';
import { type EnvironmentOptions, policyEnvironment } from './environment.ts';
import { type Compiled, compileAs, Variables } from './expressions.ts';
import { compileMutation } from './mutation.ts';
import { mutationStructs } from './structs.ts';

/** Serves what holds expressions with the checks that need them to be compiled. */
export function serveCheckedPolicies(registry: Registry): void {
  registry.serveStored(checked<V1ValidatingAdmissionPolicy>(validatingadmissionpolicies, validatingProblems));
  registry.serveStored(checked<V1MutatingAdmissionPolicy>(mutatingadmissionpolicies, mutatingProblems));
  registry.serveStored(checked<V1ValidatingWebhookConfiguration>(validatingwebhookconfigurations, hookProblems));
  registry.serveStored(checked<V1MutatingWebhookConfiguration>(mutatingwebhookconfigurations, hookProblems));
}

/** Expressions are looked at with the rest of the object, and only where something has changed. */
function checked<T extends KubeObject>(
  definition: ResourceDefinition<T>,
  problems: (object: T) => FieldError[],
): ResourceDefinition<T> {
  const together = (found: readonly FieldError[], object: T) => inOrder(found, problems(object));
  const content = ({ metadata: _, status: __, ...rest }: T & { status?: unknown }) => rest;
  return {
    ...definition,
    validate: (object) => together(definition.validate?.(object) ?? [], object),
    validateUpdate: (object, previous) => {
      const found = definition.validateUpdate?.(object, previous) ?? [];
      return sameValue(content(object), content(previous)) ? found : together(found, object);
    },
  };
}

/** What is wrong with an expression; the rest of validation complains of those that are not there. */
function problem(field: string, expression: string | undefined, compile: (text: string) => Compiled): FieldError[] {
  const { error } = expression?.trim() ? compile(expression) : {};
  return error === undefined ? [] : [{ field, reason: 'FieldValueInvalid', message: error }];
}

function conditionProblems(conditions: readonly V1MatchCondition[], path: string, hasParams: boolean): FieldError[] {
  const known = policyEnvironment({ hasParams, hasAuthorizer: true });
  return conditions.flatMap(({ expression }, i) => {
    return problem(`${path}[${i}].expression`, expression, (text) => compileAs(text, known, ['bool']));
  });
}

function variableProblems(variables: readonly V1Variable[], options: EnvironmentOptions) {
  const made = new Variables(variables, options);
  const problems = variables.flatMap(({ name, expression }, i) => {
    const compiled = made.compiled.get(name);
    return compiled ? problem(`spec.variables[${i}].expression`, expression, () => compiled) : [];
  });
  return { type: made.type, problems };
}

function validatingProblems({ spec }: V1ValidatingAdmissionPolicy): FieldError[] {
  const { validations = [], auditAnnotations = [], ...rest }: Partial<V1ValidatingAdmissionPolicySpec> = spec ?? {};
  const options = { hasParams: rest.paramKind !== undefined, hasAuthorizer: true };
  const { type: variables, problems } = variableProblems(rest.variables ?? [], options);
  const whole = policyEnvironment({ ...options, variables });
  const plain = policyEnvironment({ ...options, hasAuthorizer: false, variables });
  return [
    ...conditionProblems(rest.matchConditions ?? [], 'spec.matchConditions', options.hasParams),
    ...problems,
    ...validations.flatMap(({ expression, messageExpression }, i) => [
      ...problem(`spec.validations[${i}].expression`, expression, (text) => compileAs(text, whole, ['bool'])),
      ...problem(`spec.validations[${i}].messageExpression`, messageExpression, (text) =>
        compileAs(text, plain, ['string']),
      ),
    ]),
    ...auditAnnotations.flatMap(({ valueExpression }, i) => {
      const field = `spec.auditAnnotations[${i}].valueExpression`;
      if (isOverlongValueExpression(valueExpression)) return [];
      return problem(field, valueExpression, (text) => compileAs(text, whole, ['string', 'null_type']));
    }),
  ];
}

/** Where the patch of each type is told. */
const patchFields: Readonly<Record<string, 'applyConfiguration' | 'jsonPatch' | undefined>> = {
  ApplyConfiguration: 'applyConfiguration',
  JSONPatch: 'jsonPatch',
};

function mutatingProblems({ spec }: V1MutatingAdmissionPolicy): FieldError[] {
  const { mutations = [], ...rest }: Partial<V1MutatingAdmissionPolicySpec> = spec ?? {};
  const options = { hasParams: rest.paramKind !== undefined, hasAuthorizer: true };
  const { type: variables, problems } = variableProblems(rest.variables ?? [], options);
  // Objects and patches are made by mutations alone.
  const known = policyEnvironment({ ...options, structs: mutationStructs, variables });
  return [
    ...conditionProblems(rest.matchConditions ?? [], 'spec.matchConditions', options.hasParams),
    ...problems,
    ...mutations.flatMap((mutation, i) => {
      const part = patchFields[mutation.patchType];
      if (!part) return [];
      const field = `spec.mutations[${i}].${part}.expression`;
      return problem(field, mutation[part]?.expression, () => compileMutation(mutation, known).expression);
    }),
  ];
}

function hookProblems({
  webhooks = [],
}: V1ValidatingWebhookConfiguration | V1MutatingWebhookConfiguration): FieldError[] {
  return webhooks.flatMap(({ matchConditions = [] }, i) => {
    return conditionProblems(matchConditions, `webhooks[${i}].matchConditions`, false);
  });
}
