import { fixed, type Sized } from './cost-rules.ts';
import { Bytes, isList, Structure, type Value } from './values.ts';

const one: Sized = { size: fixed(1) };

/** How large a value is: letters, items or entries; 1 for what has no parts. */
export function actualSize(value: Value | undefined): Sized {
  if (typeof value === 'string') return { size: fixed(value.length) };
  if (typeof value !== 'object' || value === null) return one;
  if (isList(value)) return { size: fixed(value.length), entry: fixed(itemSize(value[0])) };
  if (value instanceof Structure) return { size: fixed(value.size), entry: fixed(1) };
  return value instanceof Bytes ? { size: fixed(value.octets.length) } : one;
}

/** Texts of a list are taken to be about as long as its first. */
function itemSize(item: Value | undefined): number {
  return typeof item === 'string' ? item.length : 1;
}
