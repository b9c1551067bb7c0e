import { mergeApplied } from '../../api/apply/merge.ts';
import { rootSchema } from '../../api/apply/walk.ts';
import { conformPatched } from '../../api/decode/decode.ts';
import type { ResourceDefinition } from '../../api/definition.ts';
import type { V1MutatingAdmissionPolicySpec, V1Mutation, V1ParamKind } from '../../api/gen/types.ts';
import type { KubeObject } from '../../api/meta.ts';
import { applyJsonPatch } from '../../api/patch/json-patch.ts';
import { StatusError } from '../../base/status.ts';
import { EvaluationError } from '../../cel/errors.ts';
import { anyValue } from '../../cel/shape.ts';
import { expectedOf } from '../../registry/expected-type.ts';
import type { Activation } from './activation.ts';
import { policyEnvironment } from './environment.ts';
import { Budget, type Compiled, Conditions, compileAs, Variables } from './expressions.ts';
import { configurationOf, isOperations, mutationStructs, operationsOf, refuseAtomic } from './structs.ts';

interface Mutation {
  readonly patchType: string;
  readonly expression: Compiled;
}

/** The object as an activation sees it, and a way to see it anew. */
export interface Subject {
  readonly definition: ResourceDefinition;
  activation(object: KubeObject): Activation;
}

/** The expressions of a mutating policy, compiled. */
export class MutatingPolicy {
  private readonly conditions: Conditions;
  private readonly variables: Variables;
  private readonly mutations: readonly Mutation[];
  private readonly paramKind: V1ParamKind | undefined;

  constructor(spec: Partial<V1MutatingAdmissionPolicySpec>) {
    const hasParams = spec.paramKind !== undefined;
    this.paramKind = spec.paramKind;
    const options = { hasParams, hasAuthorizer: true };
    this.conditions = new Conditions(spec.matchConditions ?? [], policyEnvironment(options));
    this.variables = new Variables(spec.variables ?? [], options);
    const whole = policyEnvironment({ ...options, structs: mutationStructs, variables: this.variables.type });
    this.mutations = (spec.mutations ?? []).map((mutation) => compileMutation(mutation, whole));
  }

  /** The object after the policy with one of its parameters; the same object where it changes nothing. @throws EvaluationError. */
  mutate(object: KubeObject, subject: Subject, param: KubeObject | undefined): KubeObject {
    const params = param ? anyValue(param.kind ? param : { ...param, ...this.paramKind }) : null;
    const budget = new Budget();
    const concerned = this.conditions.hold(subject.activation(object).with({ params }), budget);
    if (concerned === false) return object;
    if (concerned !== true) throw new EvaluationError(concerned.error);
    let current = object;
    for (const mutation of this.mutations) {
      const activation = this.variables.valuesFor(subject.activation(current).with({ params }), budget);
      current = change(current, mutation, { subject, activation, budget });
    }
    return current;
  }
}

/** Compiles one mutation of a policy. */
export function compileMutation(mutation: V1Mutation, known: ReturnType<typeof policyEnvironment>): Mutation {
  const { patchType } = mutation;
  if (patchType !== 'JSONPatch') {
    const expression = compileAs(mutation.applyConfiguration?.expression ?? '', known);
    const type = expression.program?.type;
    const fits = !type || (type.kind === 'object' && type.name === 'Object');
    return {
      patchType,
      expression: fits ? expression : { source: expression.source, error: 'must evaluate to Object' },
    };
  }
  const expression = compileAs(mutation.jsonPatch?.expression ?? '', known);
  const fits = !expression.program || isOperations(expression.program.type);
  const error = 'must evaluate to list(JSONPatch)';
  return { patchType, expression: fits ? expression : { source: expression.source, error } };
}

function change(
  object: KubeObject,
  { patchType, expression }: Mutation,
  { subject, activation, budget }: { subject: Subject; activation: Activation; budget: Budget },
): KubeObject {
  const value = budget.run(expression, activation);
  const { definition } = subject;
  const copy = JSON.parse(JSON.stringify(object)) as KubeObject;
  if (patchType === 'JSONPatch') return inForm(definition, jsonPatched(copy, operationsOf(value)));
  const configuration = configurationOf(value);
  const { type } = expectedOf(definition);
  refuseAtomic(configuration, type);
  return inForm(definition, mergeApplied(copy, configuration, rootSchema(type)) as KubeObject);
}

function jsonPatched(object: KubeObject, operations: readonly unknown[]): KubeObject {
  try {
    return applyJsonPatch(object, operations) as KubeObject;
  } catch (error) {
    if (error instanceof StatusError) throw new EvaluationError(`JSON Patch: ${error.message}`);
    throw error;
  }
}

function inForm(definition: ResourceDefinition, object: KubeObject): KubeObject {
  const next = conformPatched(object, expectedOf(definition)).object;
  definition.setDefaults?.(next);
  return next;
}
