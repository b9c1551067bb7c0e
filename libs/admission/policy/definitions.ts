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
import { mutatingadmissionpolicies, validatingadmissionpolicies } from '../../api/kinds/admissionpolicy.ts';
import {
  mutatingwebhookconfigurations,
  validatingwebhookconfigurations,
} from '../../api/kinds/webhookconfiguration.ts';
import type { KubeObject } from '../../api/meta.ts';
import { sameValue } from '../../api/validation/equality.ts';
import type { Registry } from '../../registry/registry.ts';
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

/** Expressions are looked at once the rest of the object is sound, and only where something has changed. */
function checked<T extends KubeObject>(
  definition: ResourceDefinition<T>,
  problems: (object: T) => FieldError[],
): ResourceDefinition<T> {
  const afterwards = (found: FieldError[], object: T) => (found.length > 0 ? found : problems(object));
  const content = ({ metadata: _, status: __, ...rest }: T & { status?: unknown }) => rest;
  return {
    ...definition,
    validate: (object) => afterwards(definition.validate?.(object) ?? [], object),
    validateUpdate: (object, previous) => {
      const found = definition.validateUpdate?.(object, previous) ?? [];
      return sameValue(content(object), content(previous)) ? found : afterwards(found, object);
    },
  };
}

function problem(field: string, { error }: Compiled): FieldError[] {
  return error === undefined ? [] : [{ field, reason: 'FieldValueInvalid', message: error }];
}

function conditionProblems(conditions: readonly V1MatchCondition[], path: string, hasParams: boolean): FieldError[] {
  const known = policyEnvironment({ hasParams, hasAuthorizer: true });
  return conditions.flatMap(({ expression }, i) => {
    return problem(`${path}[${i}].expression`, compileAs(expression, known, ['bool']));
  });
}

function variableProblems(variables: readonly V1Variable[], options: EnvironmentOptions) {
  const made = new Variables(variables, options);
  const problems = variables.flatMap(({ name }, i) =>
    problem(`spec.variables[${i}].expression`, made.compiled.get(name)!),
  );
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
      ...problem(`spec.validations[${i}].expression`, compileAs(expression, whole, ['bool'])),
      ...(messageExpression
        ? problem(`spec.validations[${i}].messageExpression`, compileAs(messageExpression, plain, ['string']))
        : []),
    ]),
    ...auditAnnotations.flatMap(({ valueExpression }, i) => {
      const compiled = compileAs(valueExpression, whole, ['string', 'null_type']);
      return problem(`spec.auditAnnotations[${i}].valueExpression`, compiled);
    }),
  ];
}

function mutatingProblems({ spec }: V1MutatingAdmissionPolicy): FieldError[] {
  const { mutations = [], ...rest }: Partial<V1MutatingAdmissionPolicySpec> = spec ?? {};
  const options = { hasParams: rest.paramKind !== undefined, hasAuthorizer: true, structs: mutationStructs };
  const { type: variables, problems } = variableProblems(rest.variables ?? [], options);
  const known = policyEnvironment({ ...options, variables });
  return [
    ...conditionProblems(rest.matchConditions ?? [], 'spec.matchConditions', options.hasParams),
    ...problems,
    ...mutations.flatMap((mutation, i) => {
      const part = mutation.patchType === 'JSONPatch' ? 'jsonPatch' : 'applyConfiguration';
      return problem(`spec.mutations[${i}].${part}.expression`, compileMutation(mutation, known).expression);
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
