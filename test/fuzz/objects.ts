import type { ResourceDefinition } from '../../libs/api/definition.ts';
import { schema } from '../../libs/api/schema/schema.ts';
import type { FieldSchema, ScalarFormat, TypeSchema, ValueSchema } from '../../libs/api/schema/types.ts';
import type { Random } from '../../libs/base/random.ts';
import { chance, hostileTexts, hostileValue, pick } from './hostile.ts';

const depthMax = 7;
/** How likely a value is not of its type, and an optional field is there at all. */
const hostileShare = 0.03;
const presentShare = 0.3;

const plausible: Readonly<Record<ScalarFormat, readonly unknown[]>> = {
  string: [
    'a',
    'web',
    'nginx:1',
    'ClusterIP',
    'Always',
    'TCP',
    'Never',
    '1',
    'default',
    'key',
    'example.com/x',
    '10.0.0.1',
  ],
  boolean: [true, false],
  int32: [0, 1, 2, 80, 443, 8080, -1],
  int64: [0, 1, 30, 3600],
  double: [0, 0.5],
  time: ['2026-01-01T00:00:00Z', null],
  'micro-time': ['2026-01-01T00:00:00.000000Z'],
  byte: ['YQ==', ''],
  quantity: ['1', '100m', '64Mi', '1e3', '0.1', '-1'],
  'int-or-string': [1, '25%', 'http'],
  any: [{}, { a: 1 }, 'text', 1],
};

/** An object that has the shape of its kind in most places, and of nothing in some. */
export function objectOf(random: Random, definition: ResourceDefinition, name: string): Record<string, unknown> {
  const { group, version, kind, namespaced, type } = definition;
  const object = schema.has(type) ? (valueOfType(random, schema.type(type), 0) as Record<string, unknown>) : {};
  const metadata = {
    name,
    ...(namespaced ? { namespace: 'default' } : {}),
    labels: chance(random, 0.3) ? { a: 'b', [pick(random, hostileTexts)]: pick(random, hostileTexts) } : { a: 'b' },
    ...(chance(random, 0.1) ? (hostileValue(random) as object) : {}),
  };
  return { ...object, apiVersion: group === '' ? version : `${group}/${version}`, kind, metadata };
}

function valueOfType(random: Random, type: TypeSchema, depth: number): unknown {
  const object: Record<string, unknown> = {};
  for (const [name, field] of type.fields) {
    if (name === 'metadata' && depth === 0) continue;
    if (!field.required && (depth >= depthMax || !chance(random, presentShare))) continue;
    object[name] = memberOf(random, field, depth + 1);
  }
  if (chance(random, hostileShare)) object[pick(random, hostileTexts)] = hostileValue(random);
  return object;
}

function memberOf(random: Random, value: ValueSchema | FieldSchema, depth: number): unknown {
  if (chance(random, hostileShare)) return hostileValue(random);
  switch (value.kind) {
    case 'object':
      return value.type && depth <= depthMax ? valueOfType(random, value.type, depth) : {};
    case 'list': {
      const length = depth > depthMax ? 0 : Math.floor(random.next() * 3);
      return value.element ? Array.from({ length }, () => memberOf(random, value.element!, depth + 1)) : [];
    }
    case 'map':
      return value.element && depth <= depthMax ? { a: memberOf(random, value.element, depth + 1) } : {};
    default:
      return pick(random, plausible[value.format]);
  }
}
