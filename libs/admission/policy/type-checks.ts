import type { ResourceDefinition } from '../../api/definition.ts';
import type { V1ExpressionWarning, V1ValidatingAdmissionPolicy } from '../../api/gen/types.ts';
import { apiVersionOf } from '../../api/meta.ts';
import { schema } from '../../api/schema/schema.ts';
import { typeOfSchema } from '../../cel/builtin-types.ts';
import { shapeOf } from '../../cel/shape.ts';
import type { ObjectType, Type } from '../../cel/types.ts';
import { policyEnvironment } from './environment.ts';
import { compileAs, Variables } from './expressions.ts';
import type { ParamParts } from './params.ts';

/** Kinds beyond this are not looked at. */
const kindsMax = 10;

export interface TypeCheckParts extends Pick<ParamParts, 'definitionOf'> {
  resource(group: string, version: string, plural: string): ResourceDefinition | undefined;
}

/** What would go wrong with the expressions of a policy, by the schemas of the kinds that it is about. */
export function typeWarnings(policy: V1ValidatingAdmissionPolicy, parts: TypeCheckParts): V1ExpressionWarning[] {
  const { spec } = policy;
  const { paramKind } = spec ?? {};
  const param = paramKind && parts.definitionOf(paramKind.apiVersion ?? '', paramKind.kind ?? '');
  const kinds = kindsOf(policy, parts);
  const expressions = (spec?.validations ?? []).flatMap(({ expression, messageExpression }, i) => [
    { fieldRef: `spec.validations[${i}].expression`, source: expression },
    ...(messageExpression ? [{ fieldRef: `spec.validations[${i}].messageExpression`, source: messageExpression }] : []),
  ]);
  return expressions.flatMap(({ fieldRef, source }) => {
    const warnings = kinds.flatMap((definition) => {
      const options = {
        ...{ hasParams: paramKind !== undefined, hasAuthorizer: true },
        object: typeOf(definition),
        params: param && typeOf(param),
      };
      const variables = new Variables(spec?.variables ?? [], options).type;
      const { error } = compileAs(source, policyEnvironment({ ...options, variables }));
      const text = error?.replace(/^compilation failed: /, '');
      return text ? [`${apiVersionOf(definition)}, Kind=${definition.kind}: ${text}\n`] : [];
    });
    return warnings.length > 0 ? [{ fieldRef, warning: warnings.join('') }] : [];
  });
}

/** The kinds that the policy's rules name one by one. */
function kindsOf({ spec }: V1ValidatingAdmissionPolicy, parts: TypeCheckParts): ResourceDefinition[] {
  const found = new Set<ResourceDefinition>();
  for (const { apiGroups = [], apiVersions = [], resources = [] } of spec?.matchConstraints?.resourceRules ?? []) {
    for (const group of apiGroups) {
      for (const version of apiVersions) {
        for (const plural of resources) {
          const definition = parts.resource(group, version, plural);
          if (definition) found.add(definition);
        }
      }
    }
  }
  return [...found].slice(0, kindsMax);
}

function typeOf({ type, customSchema }: ResourceDefinition): Type | undefined {
  if (!customSchema) return schema.has(type) ? typeOfSchema(schema.type(type)) : undefined;
  const shape = shapeOf(customSchema, { name: type, isRoot: true, plainNames: true });
  if (shape?.type.kind !== 'object') return undefined;
  const own: ObjectType = shape.type;
  const metadata = { type: typeOfSchema(schema.type('V1ObjectMeta')) };
  return { ...own, fields: { get: (name) => (name === 'metadata' ? metadata : own.fields.get(name)) } };
}
