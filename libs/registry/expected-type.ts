import type { ExpectedType } from '../api/decode/decode.ts';
import type { ResourceDefinition } from '../api/definition.ts';
import { schema } from '../api/schema/schema.ts';

const known = new WeakMap<ResourceDefinition, ExpectedType>();

/** What bodies of a kind are read as. */
export function expectedOf(definition: ResourceDefinition): ExpectedType {
  let expected = known.get(definition);
  if (!expected) {
    const { group, version, kind } = definition;
    expected = { type: schema.type(definition.type), gvk: { group, version, kind } };
    known.set(definition, expected);
  }
  return expected;
}

/** What a body of a kind's scale subresource must be, whatever the kind. */
export const expectedScale: ExpectedType = {
  type: schema.type('V1Scale'),
  gvk: { group: 'autoscaling', version: 'v1', kind: 'Scale' },
};

/** Tells how bodies of a kind are read whose schema is not built in. */
export function setExpected(definition: ResourceDefinition, expected: ExpectedType): void {
  known.set(definition, expected);
}
