import { decodeObject } from '../decode/decode.ts';
import type { ResourceDefinition } from '../definition.ts';
import type { KubeObject } from '../meta.ts';
import { schema } from '../schema/schema.ts';
import { builtinKinds } from './index.ts';

const every = builtinKinds.map(
  (definition) => [`${definition.group}/${definition.version} ${definition.plural}`, definition] as const,
);

/** An object that says nothing but who it is. */
function decoded({ group, version, kind, type, namespaced }: ResourceDefinition): KubeObject {
  const metadata = { name: 'x', ...(namespaced ? { namespace: 'y' } : {}) };
  const body = { kind, apiVersion: group === '' ? version : `${group}/${version}`, metadata };
  const expected = { type: schema.type(type), gvk: { group, version, kind } };
  return decodeObject(JSON.stringify(body), 'json', expected).object;
}

describe('built-in kinds', () => {
  it('are each there once', () => {
    expect(new Set(every.map(([name]) => name)).size).toBe(every.length);
  });

  it.each(every)('%s takes an object without anything for what it is', (_, definition) => {
    const draft = decoded(definition);
    definition.setDefaults?.(draft);
    const once = structuredClone(draft);
    definition.setDefaults?.(draft);
    expect(draft).toEqual(once);
    definition.prepareForCreate?.(draft);
    const found = [definition.validate?.(draft), definition.validateUpdate?.(draft, structuredClone(draft))];
    expect(found.flatMap((errors = []) => errors).filter(({ field, message }) => !field || !message)).toEqual([]);
    // Bookmarks are shown as rows, too.
    for (const shown of [draft, decoded(definition)]) {
      for (const column of definition.columns ?? []) expect(() => column.cell(shown)).not.toThrow();
    }
  });
});
