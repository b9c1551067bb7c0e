import type { V1JSONSchemaProps, V1ValidationRule } from '../../api/gen/types.ts';
import { childSchemas, schemaOf } from '../../api/kinds/customresource/combinations.ts';
import { environment } from '../../cel/environment.ts';
import { compile, type Program } from '../../cel/program.ts';
import { type Shape, shapeOf } from '../../cel/shape.ts';
import { optionalOf } from '../../cel/types.ts';

/** A rule of a schema, made ready to run; or why it cannot run. */
export interface CompiledRule {
  readonly rule: V1ValidationRule;
  readonly program?: Program;
  readonly error?: string;
  readonly message?: Program;
  readonly messageError?: string;
  readonly usesOldSelf: boolean;
}

/** The rules of a part of a schema and of the parts below it. */
export interface RuleNode {
  readonly schema: V1JSONSchemaProps;
  readonly shape: Shape;
  readonly rules: readonly CompiledRule[];
  readonly items?: RuleNode;
  readonly properties: ReadonlyMap<string, RuleNode>;
  readonly additional?: RuleNode;
  readonly allOf: readonly RuleNode[];
}

/** The name by which types of `self` are known. */
const selfTypeName = 'selfType';

/** All rules of a schema; undefined when it has none. */
export function rulesOf(root: V1JSONSchemaProps): RuleNode | undefined {
  if (!hasRules(root)) return undefined;
  const shape = shapeOf(root, { name: selfTypeName, isRoot: true });
  return shape && nodeOf(root, root, shape);
}

export function hasRules(part: V1JSONSchemaProps): boolean {
  if (part['x-kubernetes-validations']?.length) return true;
  return [...childSchemas(part), ...(part.allOf ?? [])].some(hasRules);
}

/** `given` holds the rules, `schema` says what the value is: the two differ inside of `allOf`. */
function nodeOf(given: V1JSONSchemaProps, schema: V1JSONSchemaProps, shape: Shape): RuleNode | undefined {
  if (!hasRules(given)) return undefined;
  const properties = new Map<string, RuleNode>();
  for (const [name, part] of Object.entries(given.properties ?? {})) {
    const whole = schema.properties?.[name];
    const below = shape.properties?.get(name);
    const node = whole && below && nodeOf(part, whole, below);
    if (node) properties.set(name, node);
  }
  const below = (part: unknown, whole: unknown): RuleNode | undefined => {
    const [rules, type] = [schemaOf(part), schemaOf(whole)];
    return rules && type && shape.items && nodeOf(rules, type, shape.items);
  };
  return {
    schema,
    shape,
    rules: (given['x-kubernetes-validations'] ?? []).map((rule) => compileRule(rule, shape)),
    items: below(given.items, schema.items),
    properties,
    additional: below(given.additionalProperties, schema.additionalProperties),
    allOf: (given.allOf ?? []).flatMap((part) => nodeOf(part, schema, shape) ?? []),
  };
}

/** Compiles a rule for values of a shape. */
export function compileRule(rule: V1ValidationRule, { type }: Shape): CompiledRule {
  const oldSelf = rule.optionalOldSelf ? optionalOf(type) : type;
  const known = environment({ self: type, oldSelf });
  let program: Program;
  try {
    program = compile(rule.rule ?? '', known);
  } catch (error) {
    return { rule, error: `compilation failed: ${textOf(error)}`, usesOldSelf: false };
  }
  const usesOldSelf = program.reads.has('oldSelf');
  if (program.type.kind !== 'bool') return { rule, error: 'cel expression must evaluate to a bool', usesOldSelf };
  if (!rule.messageExpression) return { rule, program, usesOldSelf };
  try {
    const message = compile(rule.messageExpression, known);
    if (message.type.kind === 'string') return { rule, program, message, usesOldSelf };
    return { rule, program, messageError: 'messageExpression must evaluate to a string', usesOldSelf };
  } catch (error) {
    return { rule, program, messageError: `messageExpression compilation failed: ${textOf(error)}`, usesOldSelf };
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
