import type {
  V1AuditAnnotation,
  V1ParamKind,
  V1ValidatingAdmissionPolicySpec,
  V1Validation,
} from '../../api/gen/types.ts';
import type { KubeObject } from '../../api/meta.ts';
import { EvaluationError } from '../../cel/errors.ts';
import { anyValue } from '../../cel/shape.ts';
import { typeNameOf, type Value } from '../../cel/values.ts';
import type { Caller } from '../../registry/requests.ts';
import type { Activation } from './activation.ts';
import { policyEnvironment } from './environment.ts';
import { Budget, BudgetError, type Compiled, Conditions, compileAs, Variables } from './expressions.ts';

/** A validation that did not hold, or could not be decided and counts as such. */
export interface Decision {
  readonly message: string;
  readonly reason?: string;
  /** Its place among the validations. */
  readonly index: number;
}

interface Annotation {
  readonly key: string;
  readonly value?: string;
  /** Refuses the request. */
  readonly error?: string;
}

export interface Verdict {
  readonly decisions: readonly Decision[];
  readonly annotations: readonly Annotation[];
}

const nothing: Verdict = { decisions: [], annotations: [] };

/** Longest message that an expression makes, and longest value of an annotation. */
const messageBytesMax = 5 * 1024;
const annotationCharactersMax = 10 * 1024;

interface Validation {
  readonly validation: V1Validation;
  readonly expression: Compiled;
  readonly message?: Compiled;
}

/** The expressions of a validating policy, compiled. */
export class ValidatingPolicy {
  private readonly conditions: Conditions;
  private readonly variables: Variables;
  private readonly validations: readonly Validation[];
  private readonly annotations: ReadonlyArray<{ annotation: V1AuditAnnotation; expression: Compiled }>;
  private readonly fails: boolean;
  private readonly paramKind: V1ParamKind | undefined;

  constructor(spec: Partial<V1ValidatingAdmissionPolicySpec>) {
    const hasParams = spec.paramKind !== undefined;
    this.paramKind = spec.paramKind;
    this.fails = spec.failurePolicy !== 'Ignore';
    this.conditions = new Conditions(spec.matchConditions ?? [], policyEnvironment({ hasParams, hasAuthorizer: true }));
    this.variables = new Variables(spec.variables ?? [], { hasParams, hasAuthorizer: true });
    const variables = this.variables.type;
    const whole = policyEnvironment({ hasParams, hasAuthorizer: true, variables });
    const plain = policyEnvironment({ hasParams, hasAuthorizer: false, variables });
    this.validations = (spec.validations ?? []).map((validation) => ({
      validation,
      expression: compileAs(validation.expression, whole, ['bool']),
      message: validation.messageExpression ? compileAs(validation.messageExpression, plain, ['string']) : undefined,
    }));
    this.annotations = (spec.auditAnnotations ?? []).map((annotation) => ({
      annotation,
      expression: compileAs(annotation.valueExpression, whole, ['string', 'null_type']),
    }));
  }

  /** What the policy says of a request, with one of its parameters. */
  validate(request: Activation, param: KubeObject | undefined): Verdict {
    const budget = new Budget();
    const activation = request.with({ params: param ? anyValue(this.withKind(param)) : null });
    const concerned = this.conditions.hold(activation, budget);
    if (concerned === false) return nothing;
    if (concerned !== true) return this.failed(concerned.error);
    const ready = this.variables.valuesFor(activation, budget);
    const decisions: Decision[] = [];
    for (const [index, validation] of this.validations.entries()) {
      try {
        const decision = this.decide(validation, ready, budget);
        if (decision) decisions.push({ ...decision, index });
      } catch (error) {
        if (error instanceof BudgetError) return this.failed(error.message);
        throw error;
      }
    }
    return { decisions, annotations: this.annotate(ready) };
  }

  /** Stored parameters may go without the kind that expressions ask for. */
  private withKind(param: KubeObject): KubeObject {
    return param.kind ? param : { ...param, ...this.paramKind };
  }

  private failed(message: string): Verdict {
    return this.fails ? { decisions: [{ message, index: 0 }], annotations: [] } : nothing;
  }

  private decide(
    { validation, expression, message }: Validation,
    activation: Activation,
    budget: Budget,
  ): Omit<Decision, 'index'> | undefined {
    let holds: Value;
    try {
      holds = budget.run(expression, activation);
    } catch (error) {
      if (error instanceof BudgetError || !(error instanceof EvaluationError)) throw error;
      return this.fails ? { message: error.message } : undefined;
    }
    if (holds === true) return undefined;
    const made = message && textFrom(message, activation, budget);
    const text = made || validation.message?.trim() || `failed expression: ${validation.expression.trim()}`;
    return { message: text, reason: validation.reason };
  }

  private annotate(activation: Activation): Annotation[] {
    const budget = new Budget();
    return this.annotations.flatMap(({ annotation, expression }): Annotation[] => {
      const { key } = annotation;
      try {
        const value = budget.run(expression, activation);
        if (value === null) return [];
        if (typeof value !== 'string') {
          const what = `resulted in unsupported return type: ${typeNameOf(value)}. Return type must be either string or null.`;
          return [{ key, error: `valueExpression '${annotation.valueExpression}' ${what}` }];
        }
        const text = value.trim().slice(0, annotationCharactersMax);
        return text === '' ? [] : [{ key, value: text }];
      } catch (error) {
        if (!(error instanceof EvaluationError)) throw error;
        return this.fails ? [{ key, error: error.message }] : [];
      }
    });
  }
}

/** Empty when the expression makes no usable text. */
function textFrom(message: Compiled, activation: Activation, budget: Budget): string {
  try {
    const value = budget.run(message, activation);
    const text = typeof value === 'string' ? value.trim() : '';
    return Buffer.byteLength(text) > messageBytesMax || text.includes('\n') ? '' : text;
  } catch (error) {
    if (error instanceof EvaluationError && !(error instanceof BudgetError)) return '';
    throw error;
  }
}

/** Annotations for the audit log. Several bindings may have their own values for one key. */
export class Notes {
  private readonly values = new Map<string, string[]>();

  add(key: string, value: string): void {
    const values = this.values.get(key) ?? [];
    if (!values.includes(value)) values.push(value);
    this.values.set(key, values);
  }

  publish(policy: string, request: Caller): void {
    for (const [key, values] of this.values) request.annotate?.(`${policy}/${key}`, values.join(', '));
  }
}
