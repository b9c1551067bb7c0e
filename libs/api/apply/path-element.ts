import { zeroOf } from '../decode/zero.ts';
import type { FieldSchema, ValueSchema } from '../schema/types.ts';

/** Keys of list items, and values of sets, as path elements write them. */
type Members = Record<string, unknown>;

export const fieldElement = (name: string) => `f:${name}`;

/** Why a list cannot be taken as a list of type map or set. */
export class ElementError extends Error {
  override readonly name = 'ElementError';
}

/** What stands in for a key that is missing: its default, or the zero value of a field that is always there. */
function defaultOf(field: FieldSchema | undefined): unknown {
  if (field?.default !== undefined) return field.default;
  return field?.required && field.zero === 'always' ? zeroOf(field) : undefined;
}

interface KeyField {
  readonly name: string;
  /** `"name":`, as the element has it. */
  readonly label: string;
  readonly default: unknown;
}

const keyFields = new WeakMap<ValueSchema, readonly KeyField[]>();

/** The key fields of a list of type map, in the order in which elements name them. */
function keyFieldsOf(list: ValueSchema): readonly KeyField[] {
  let fields = keyFields.get(list);
  if (!fields) {
    const known = list.element?.type?.fields;
    fields = [...list.listKeys].sort().map((name) => {
      return { name, label: `${JSON.stringify(name)}:`, default: defaultOf(known?.get(name)) };
    });
    keyFields.set(list, fields);
  }
  return fields;
}

function keyElement(item: unknown, list: ValueSchema): string {
  if (typeof item !== 'object' || item === null || Array.isArray(item)) {
    throw new ElementError(`items of a list with the keys ${list.listKeys.join(', ')} must be objects`);
  }
  let keys = '';
  for (const field of keyFieldsOf(list)) {
    const value = (item as Members)[field.name] ?? field.default;
    if (value !== undefined) keys += `${keys === '' ? '' : ','}${field.label}${JSON.stringify(value)}`;
  }
  if (keys === '') throw new ElementError(`an item lacks its keys ${list.listKeys.join(', ')}`);
  return `k:{${keys}}`;
}

/**
 * The path element of an item in a list of type map or set.
 * @throws ElementError for an item without keys, or one that cannot be in a set.
 */
export function itemElement(item: unknown, list: ValueSchema): string {
  if (list.listType === 'map') return keyElement(item, list);
  if (typeof item === 'object') throw new ElementError('a set holds texts, numbers and booleans only');
  return `v:${JSON.stringify(item)}`;
}

const rank: Readonly<Record<string, number>> = { f: 0, k: 1, v: 2, i: 3 };
const byCode = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

function compareScalars(a: unknown, b: unknown): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  return byCode(String(a), String(b));
}

/** Where the value begins in a key of one text without escapes, which is what most lists have: `{"name":"a"}`. */
function plainValueAt(key: string): number {
  const at = key.indexOf('":"');
  return at < 0 || key.includes('\\') || key.includes(',"') ? -1 : at + 3;
}

function compareKeys(a: string, b: string): number {
  const at = plainValueAt(a);
  if (at > 0 && at === plainValueAt(b) && b.startsWith(a.slice(0, at))) return byCode(a.slice(at, -2), b.slice(at, -2));
  const first = Object.entries(JSON.parse(a) as Members);
  const second = Object.entries(JSON.parse(b) as Members);
  for (let index = 0; index < Math.min(first.length, second.length); index++) {
    const [name, value] = first[index]!;
    const [otherName, otherValue] = second[index]!;
    const order = byCode(name, otherName) || compareScalars(value, otherValue);
    if (order !== 0) return order;
  }
  return first.length - second.length;
}

/** Order of path elements in fieldsV1: fields, then items by their keys, then values of sets. */
export function compareElements(a: string, b: string): number {
  if (a.startsWith('f:') && b.startsWith('f:')) return byCode(a, b);
  const first = a.charAt(0);
  if (first !== b.charAt(0)) return (rank[first] ?? 4) - (rank[b.charAt(0)] ?? 4);
  if (first === 'k') return compareKeys(a.slice(2), b.slice(2));
  return compareScalars(JSON.parse(a.slice(2)), JSON.parse(b.slice(2)));
}

function writeElement(element: string): string {
  const rest = element.slice(2);
  if (element.startsWith('f:')) return `.${rest}`;
  if (element.startsWith('v:')) return `[=${rest}]`;
  if (element.startsWith('i:')) return `[${rest}]`;
  const keys = Object.entries(JSON.parse(rest) as Members);
  return `[${keys.map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(',')}]`;
}

/** `.spec.containers[name="a"].image`, as conflicts name fields. */
export function writeFieldPath(path: readonly string[]): string {
  return path.map(writeElement).join('');
}
