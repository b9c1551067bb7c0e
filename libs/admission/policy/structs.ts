import { atomicPaths } from '../../api/apply/atomic.ts';
import type { TypeSchema } from '../../api/schema/types.ts';
import type { Structs } from '../../cel/environment.ts';
import { EvaluationError } from '../../cel/errors.ts';
import { propertyOf } from '../../cel/escaping.ts';
import { ObjectValue } from '../../cel/evaluate.ts';
import { jsonOf } from '../../cel/shape.ts';
import { dyn, type ObjectType, string, type Type } from '../../cel/types.ts';
import { isList, Structure, type Value } from '../../cel/values.ts';

/** The name of what an ApplyConfiguration makes; its parts are named below it, such as `Object.spec`. */
const rootName = 'Object';
const patchName = 'JSONPatch';

const anyField = { get: () => ({ type: dyn }) };

export const operationType: ObjectType = {
  kind: 'object',
  name: patchName,
  fields: new Map(
    Object.entries({ op: string, path: string, from: string, value: dyn }).map(([name, type]) => [name, { type }]),
  ),
};

/** `Object` and everything below it, and `JSONPatch`. */
export const mutationStructs: Structs = {
  get(name: string): ObjectType | undefined {
    if (name === patchName) return operationType;
    return /^Object(\.\w+)*$/.test(name) ? { kind: 'object', name, fields: anyField } : undefined;
  },
};

export function isOperations(type: Type): boolean {
  return type.kind === 'list' && type.element.kind === 'object' && type.element.name === patchName;
}

/** What an expression says that an object should have, as JSON. @throws EvaluationError. */
export function configurationOf(value: Value): object {
  if (!(value instanceof ObjectValue))
    throw new EvaluationError('unsupported return type from ApplyConfiguration expression');
  return partOf(value, rootName) as object;
}

function partOf(value: Value, name: string): unknown {
  if (isList(value)) return value.map((item) => partOf(item, name));
  if (!(value instanceof ObjectValue)) return value instanceof Structure ? membersOf(value, name) : jsonOf(value);
  if (value.typeName !== name) {
    throw new EvaluationError(
      `type mismatch: unexpected type name ${JSON.stringify(value.typeName)}, expected ${JSON.stringify(name)}`,
    );
  }
  const entries = [...value.fields].map(([field, item]) => [propertyOf(field), partOf(item, `${name}.${field}`)]);
  return Object.fromEntries(entries);
}

function membersOf(value: Structure, name: string): object {
  return Object.fromEntries(value.keys().map((key) => [String(key), partOf(value.get(key)!, name)]));
}

/** The operations of a JSON patch. @throws EvaluationError. */
export function operationsOf(value: Value): Array<Record<string, unknown>> {
  if (!isList(value)) throw new EvaluationError('type mismatch: JSONPatchType.expression should evaluate to array');
  return value.map((operation) => {
    if (!(operation instanceof ObjectValue) || operation.typeName !== patchName) {
      throw new EvaluationError('type mismatch: JSONPatchType.expression should evaluate to array of JSONPatch');
    }
    return Object.fromEntries([...operation.fields].map(([field, item]) => [field, plain(item)]));
  });
}

/** Values of patches may be made of `Object` parts, whatever their names. */
function plain(value: Value): unknown {
  if (isList(value)) return value.map(plain);
  if (value instanceof ObjectValue) {
    return Object.fromEntries([...value.fields].map(([field, item]) => [propertyOf(field), plain(item)]));
  }
  return jsonOf(value);
}

/** What counts as one value must not be changed in parts. @throws EvaluationError. */
export function refuseAtomic(configuration: object, type: TypeSchema): void {
  const paths = atomicPaths(configuration, type);
  if (paths.length === 0) return;
  const why = `may not mutate atomic arrays, maps or structs: ${paths.join(', ')}`;
  throw new EvaluationError(`error applying patch: invalid ApplyConfiguration: ${why}`);
}
