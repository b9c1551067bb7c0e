import { DecodeError, type Path, writePath } from './problem.ts';

/** Objects and lists inside each other beyond this are refused, so that no later step runs out of stack. */
export const nestingMax = 1000;

export interface JsonText {
  readonly value: unknown;
  /** Members of all objects in the text; an object that repeats a key has more of them than keys. */
  readonly members: number;
}

const quote = 34;
const colon = 58;
const backslash = 92;

/** The place after the string that opens before `from`. */
function endOfString(text: string, from: number): number {
  for (let at = text.indexOf('"', from); at >= 0; at = text.indexOf('"', at + 1)) {
    let slashes = 0;
    while (text.charCodeAt(at - 1 - slashes) === backslash) slashes++;
    if (slashes % 2 === 0) return at + 1;
  }
  return text.length;
}

/** Members and depth of what is JSON: one quick pass over its bytes, which takes half as long as one over the text. */
function measure(bytes: Uint8Array): { members: number; depth: number } {
  let members = 0;
  let depth = 0;
  let deepest = 0;
  for (let at = 0; at < bytes.length; at++) {
    const code = bytes[at]!;
    if (code === quote) at = endOfStringBytes(bytes, at + 1);
    else if (code === colon) members++;
    else if (code === 123 || code === 91) {
      if (++depth > deepest) deepest = depth;
    } else if (code === 125 || code === 93) depth--;
  }
  return { members, depth: deepest };
}

/** The place of the quote that ends the string which goes on at `from`. */
function endOfStringBytes(bytes: Uint8Array, from: number): number {
  for (let at = from; at < bytes.length; at++) {
    const code = bytes[at]!;
    if (code === quote) return at;
    if (code === backslash) at++;
  }
  return bytes.length;
}

/** Reads JSON. @param bytes the text in UTF-8 @throws DecodeError */
export function parseJson(text: string, bytes: Uint8Array): JsonText {
  const { members, depth } = measure(bytes);
  if (depth > nestingMax) throw new DecodeError([], `the body is nested more than ${nestingMax} levels deep`);
  try {
    return { value: JSON.parse(text), members };
  } catch (error) {
    throw new DecodeError([], `the body is not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/**
 * Members of all objects in a value.
 * @throws DecodeError for a value nested deeper than nestingMax, as patches can make one.
 */
export function countMembers(value: unknown): number {
  let members = 0;
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > nestingMax) throw new DecodeError([], `the body is nested more than ${nestingMax} levels deep`);
    const below: unknown[] = [];
    for (const next of level) {
      if (typeof next !== 'object' || next === null) continue;
      const values = Object.values(next);
      if (!Array.isArray(next)) members += values.length;
      for (const inner of values) below.push(inner);
    }
    level = below;
  }
  return members;
}

/** Walks a text that JSON.parse has accepted and notes keys that stand twice in one object. */
class DuplicateFinder {
  readonly found: string[] = [];
  private at = 0;
  private readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  value(path: Path): void {
    this.blanks();
    const head = this.text[this.at];
    if (head === '{') this.object(path);
    else if (head === '[') this.list(path);
    else if (head === '"') this.at = endOfString(this.text, this.at + 1);
    else while (this.at < this.text.length && !/[\s,\]}]/.test(this.text[this.at]!)) this.at++;
    this.blanks();
  }

  private object(path: Path): void {
    const keys = new Set<string>();
    this.at++;
    this.blanks();
    while (this.text[this.at] !== '}') {
      const start = this.at;
      this.at = endOfString(this.text, start + 1);
      const key = JSON.parse(this.text.slice(start, this.at)) as string;
      const here = [...path, key];
      if (keys.has(key)) this.found.push(writePath(here));
      keys.add(key);
      this.blanks();
      this.at++;
      this.value(here);
      this.skipComma();
    }
    this.at++;
  }

  private list(path: Path): void {
    this.at++;
    this.blanks();
    for (let index = 0; this.text[this.at] !== ']'; index++) {
      this.value([...path, index]);
      this.skipComma();
    }
    this.at++;
  }

  private skipComma(): void {
    if (this.text[this.at] === ',') this.at++;
    this.blanks();
  }

  private blanks(): void {
    while (/\s/.test(this.text[this.at] ?? '')) this.at++;
  }
}

/** Paths of keys that stand more than once in one object, in a text that is JSON. */
export function duplicatesInJson(text: string): string[] {
  const finder = new DuplicateFinder(text);
  finder.value([]);
  return [...new Set(finder.found)];
}
