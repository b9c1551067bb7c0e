import { readTyped } from '../../api/decode/typed.ts';
import type { V1JSONSchemaProps } from '../../api/gen/types.ts';
import { schemaOf } from '../../api/kinds/customresource/combinations.ts';
import { keyed, type Report } from '../../api/validation/report.ts';
import { pattern as linearPattern } from '../../cel/functions/regex.ts';
import { type Shape, shapeOf } from '../../cel/shape.ts';
import { requestBytesMax } from '../../cel/shape-sizes.ts';
import { correlates } from './correlation.ts';
import { ruleErrors } from './rule-errors.ts';
import { compileRule, hasRules, rulesOf } from './rules.ts';
import { structuralType } from './structural.ts';
import { schemaErrors } from './validate.ts';

/** What one rule may cost at the most, by an estimate from the sizes that the schema declares. */
export const ruleCostMax = 10_000_000;
/** What all rules of a schema may cost together. */
export const schemaCostMax = 100_000_000;

const advice =
  '(try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared)';

/** A place in a schema on the way down. */
interface Level {
  readonly shape: Shape | undefined;
  /** How many values an object may have here; undefined when nothing bounds them. */
  readonly count: number | undefined;
  /** The nearest part above that hides what was there before, as a path. */
  readonly uncorrelated: string | undefined;
}

/** Looks at the rules and defaults of a schema. `at` stands at the schema. */
export function checkRules(schema: V1JSONSchemaProps, at: Report): void {
  if (hasRules(schema)) {
    const shape = shapeOf(schema, { name: 'selfType', isRoot: true });
    const checks = new RuleChecks(at);
    checks.visit(schema, { shape, count: 1, uncorrelated: undefined });
    checks.finish();
  }
  checkDefaults(schema, at, true);
}

class RuleChecks {
  private total = 0;
  private readonly dear: Array<{ path: string; cost: number }> = [];

  constructor(private readonly at: Report) {}

  visit(schema: V1JSONSchemaProps, level: Level): void {
    const { at } = this;
    const uncorrelated = level.uncorrelated ?? (correlates(schema) ? undefined : at.path());
    const below = (part: V1JSONSchemaProps, shape: Shape | undefined, count: number | undefined) => {
      if (hasRules(part)) this.visit(part, { shape, count, uncorrelated });
    };
    const additional = schemaOf(schema.additionalProperties);
    if (additional) {
      at.enter('additionalProperties');
      below(additional, level.shape?.items, product(level.count, schema.maxProperties));
      at.leave();
    }
    at.enter('properties');
    for (const [name, part] of Object.entries(schema.properties ?? {})) {
      at.enter(keyed(name));
      below(part, level.shape?.properties?.get(name), level.count);
      at.leave();
    }
    at.leave();
    const items = schemaOf(schema.items);
    if (items) {
      at.enter('items');
      below(items, level.shape?.items, product(level.count, schema.maxItems));
      at.leave();
    }
    at.enter('x-kubernetes-validations');
    schema['x-kubernetes-validations']?.forEach((_, i) => {
      at.enter(i);
      this.rule(schema, i, level);
      at.leave();
    });
    at.leave();
  }

  private rule(schema: V1JSONSchemaProps, index: number, { shape, count, uncorrelated }: Level): void {
    const { at } = this;
    const rule = schema['x-kubernetes-validations']![index]!;
    if (!shape) {
      at.invalid('the schema says nothing of the values that the rule is about', 'rule');
      return;
    }
    const { program, error, message, messageError, usesOldSelf } = compileRule(rule, shape);
    if (program)
      this.spend('rule', program.estimate().max, count ?? Math.floor(requestBytesMax / (shape.bytesMin + 1)));
    if (error) at.invalid(error, 'rule');
    if (rule.fieldPath && !leadsIn(schema, rule.fieldPath))
      at.invalid('is no path of a field in the schema', 'fieldPath');
    if (messageError) at.invalid(messageError, 'messageExpression');
    else if (message) this.spend('messageExpression', message.estimate().max, 1);
    if (usesOldSelf && uncorrelated !== undefined) {
      at.invalid(`oldSelf cannot be used on the uncorrelatable portion of the schema within ${uncorrelated}`, 'rule');
    } else if (!usesOldSelf && rule.optionalOldSelf !== undefined && !error) {
      at.invalid('may not be set if oldSelf is not used in rule', 'optionalOldSelf');
    }
  }

  private spend(field: 'rule' | 'messageExpression', each: number, count: number): void {
    const cost = each * count;
    const what = field === 'rule' ? 'estimated rule cost' : 'estimated messageExpression cost';
    if (cost > ruleCostMax) this.at.forbidden(tooDear(what, cost, ruleCostMax), field);
    this.total += cost;
    this.dear.push({ path: this.at.path([field]), cost });
  }

  /** The sum of all rules is looked at when all are known. */
  finish(): void {
    if (this.total <= schemaCostMax) return;
    const what = 'contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema';
    const dearest = this.dear.sort((a, b) => b.cost - a.cost).slice(0, dearestNamedMax);
    for (const { path } of dearest.filter(({ cost }) => cost > 0)) {
      this.at.errors.push({ field: path, reason: 'FieldValueForbidden', message: what });
    }
    const total = 'x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema';
    this.at.forbidden(tooDear(total, this.total, schemaCostMax));
  }
}

/** Whether a path such as `.a.b` or `.a['b']` leads to a part of the schema. */
function leadsIn(schema: V1JSONSchemaProps, path: string): boolean {
  if (!/^(?:\.[A-Za-z_][\w-]*|\['[^']*'\])+$/.test(path)) return false;
  let part: V1JSONSchemaProps | undefined = schema;
  for (const [, plain, quoted] of path.matchAll(/\.([\w-]+)|\['([^']*)'\]/g)) {
    part = part?.properties?.[plain ?? quoted ?? ''] ?? schemaOf(part?.additionalProperties);
  }
  return part !== undefined;
}

/** How many of the dearest rules are named when all together are too dear. */
const dearestNamedMax = 4;

function product(count: number | undefined, max: number | undefined): number | undefined {
  return count === undefined || max === undefined ? undefined : count * max;
}

function tooDear(what: string, cost: number, max: number): string {
  const factor = cost / max;
  const shown = factor > 100 ? 'more than 100x' : `${factor < 1.5 ? factor.toFixed(6) : factor.toFixed(1)}x`;
  return `${what} exceeds budget by factor of ${shown} ${advice}`;
}

/** Whether a value has what reading would drop. */
function hasUnknown(value: unknown, schema: V1JSONSchemaProps): boolean {
  const type = structuralType('default', { properties: { value: schema } });
  return readTyped({ value: structuredClone(value) }, type).unknownFields.length > 0;
}

function isPattern(text: string): boolean {
  try {
    return linearPattern(text) !== undefined;
  } catch {
    return false;
  }
}

/** Defaults must be what the schema asks for, and patterns be patterns. */
export function checkDefaults(schema: V1JSONSchemaProps, at: Report, isRoot = false): void {
  if (schema.pattern !== undefined && !isPattern(schema.pattern)) at.invalid('must be a regular expression', 'pattern');
  if (schema.default !== undefined && !isRoot) {
    const { default: value } = schema;
    const rules = rulesOf(schema);
    if (hasUnknown(value, schema)) at.invalid('must not have unknown fields', 'default');
    const found = [...schemaErrors(value, schema), ...(rules ? ruleErrors(rules, value, undefined).errors : [])];
    for (const { field, reason, message } of found) {
      const below = field === '' || field === '<nil>' ? [] : [field];
      at.errors.push({ field: at.path(['default', ...below]).replace('.[', '['), reason, message });
    }
  }
  const visit = (part: V1JSONSchemaProps | undefined, ...steps: string[]) => {
    if (!part) return;
    for (const step of steps) at.enter(step);
    checkDefaults(part, at);
    for (const _ of steps) at.leave();
  };
  visit(schemaOf(schema.items), 'items');
  visit(schemaOf(schema.additionalProperties), 'additionalProperties');
  for (const [name, part] of Object.entries(schema.properties ?? {})) visit(part, 'properties', `[${name}]`);
}
