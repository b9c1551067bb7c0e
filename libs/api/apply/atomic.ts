import type { TypeSchema, ValueSchema } from '../schema/types.ts';
import { isMembers, memberSchema, rootSchema, shapeOf } from './walk.ts';

/** Lists, maps and structures of a value that the schema only takes as a whole, as paths such as `.spec.selector`. */
export function atomicPaths(value: unknown, type: TypeSchema): string[] {
  const found: string[] = [];
  collect({ value, schema: rootSchema(type), path: '' }, found);
  return found;
}

interface Place {
  readonly value: unknown;
  readonly schema: ValueSchema;
  readonly path: string;
}

function collect({ value, schema, path }: Place, found: string[]): void {
  if (typeof value !== 'object' || value === null) return;
  if (shapeOf(value, schema) === 'leaf') {
    found.push(path);
    return;
  }
  if (Array.isArray(value)) {
    const { element } = schema;
    value.forEach((item, i) => {
      if (element) collect({ value: item, schema: element, path: `${path}[${i}]` }, found);
    });
  } else if (isMembers(value)) {
    for (const [name, item] of Object.entries(value)) {
      const below = memberSchema(schema, name);
      if (below) collect({ value: item, schema: below, path: `${path}.${name}` }, found);
    }
  }
}
