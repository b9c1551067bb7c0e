import { Bytes, Uint } from './values.ts';

export type TokenKind = 'name' | 'quoted' | 'literal' | 'symbol' | 'end';

export interface Token {
  readonly kind: TokenKind;
  /** The symbol, the name, or the text of a literal. */
  readonly text: string;
  readonly at: number;
  readonly value?: boolean | null | bigint | number | string | Bytes | Uint;
}

/** Text that is no token. */
export class LexError extends Error {
  constructor(
    readonly at: number,
    message: string,
  ) {
    super(message);
  }
}

const blank = /(?:[ \t\r\n\f]+|\/\/[^\n]*)*/y;
const number = /(0x[0-9a-fA-F]+|\d+\.\d+(?:[eE][+-]?\d+)?|\d+[eE][+-]?\d+|\.\d+(?:[eE][+-]?\d+)?|\d+)([uU]?)/y;
const string =
  /([rRbB]{0,2})("""[\s\S]*?(?<!(?<!\\)(?:\\\\)*\\)"""|'''[\s\S]*?(?<!(?<!\\)(?:\\\\)*\\)'''|"(?:[^"\\\n\r]|\\.)*"|'(?:[^'\\\n\r]|\\.)*')/y;
const rawString = /([bB]?[rR][bB]?)("""[\s\S]*?"""|'''[\s\S]*?'''|"[^"\n\r]*"|'[^'\n\r]*')/y;
const name = /[A-Za-z_][A-Za-z0-9_]*/y;
const quoted = /`([A-Za-z0-9_.\-/ ]+)`/y;
const symbol = /==|!=|<=|>=|&&|\|\||[-+*/%<>!?:.,()[\]{}]/y;

const constants: ReadonlyMap<string, boolean | null> = new Map<string, boolean | null>([
  ['true', true],
  ['false', false],
  ['null', null],
]);

const intMax = 2n ** 63n - 1n;
const uintMax = 2n ** 64n - 1n;

/** The tokens of an expression, with an end token as the last. @throws LexError. */
export function tokensOf(source: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    return pattern.exec(source);
  };
  for (;;) {
    at += take(blank)?.[0].length ?? 0;
    if (at >= source.length) break;
    const token = numberToken(take, at, tokens) ?? stringToken(take, at) ?? wordToken(take, at);
    if (!token) throw new LexError(at, `Syntax error: token recognition error at: '${source[at]}'`);
    tokens.push(token.token);
    at += token.length;
  }
  tokens.push({ kind: 'end', text: '<EOF>', at });
  return tokens;
}

type Take = (pattern: RegExp) => RegExpExecArray | null;
interface Taken {
  readonly token: Token;
  readonly length: number;
}

/** A point after a name or bracket selects; otherwise it may begin a number. */
function numberToken(take: Take, at: number, before: readonly Token[]): Taken | undefined {
  const found = take(number);
  if (!found) return undefined;
  const [text, digits = '', unsigned] = found;
  const last = before.at(-1);
  if (text.startsWith('.') && last && (last.kind !== 'symbol' || /[)\]}]/.test(last.text))) return undefined;
  const token = (value: Token['value']): Taken => ({
    token: { kind: 'literal', text, at, value },
    length: text.length,
  });
  if (unsigned) {
    const value = BigInt(digits);
    if (value > uintMax) throw new LexError(at, 'invalid uint literal');
    return token(new Uint(value));
  }
  if (/^0x/.test(digits) || /^\d+$/.test(digits)) {
    const value = BigInt(digits);
    // One more than the largest is read for the sake of its negation.
    if (value > intMax + 1n) throw new LexError(at, 'invalid int literal');
    return token(value);
  }
  return token(Number(digits));
}

function stringToken(take: Take, at: number): Taken | undefined {
  const found = take(rawString) ?? take(string);
  if (!found) return undefined;
  const [text, prefix = '', body = ''] = found;
  const quotes = /^("""|''')/.test(body) ? 3 : 1;
  const inside = body.slice(quotes, -quotes);
  const raw = /r/i.test(prefix);
  const value = /b/i.test(prefix) ? bytesOf(inside, raw, at) : raw ? inside : unescaped(inside, at);
  return { token: { kind: 'literal', text, at, value }, length: text.length };
}

function wordToken(take: Take, at: number): Taken | undefined {
  const word = take(name)?.[0];
  if (word !== undefined) {
    const value = constants.get(word);
    if (value !== undefined) return { token: { kind: 'literal', text: word, at, value }, length: word.length };
    return { token: { kind: word === 'in' ? 'symbol' : 'name', text: word, at }, length: word.length };
  }
  const escaped = take(quoted);
  if (escaped) return { token: { kind: 'quoted', text: escaped[1] ?? '', at }, length: escaped[0].length };
  const sign = take(symbol)?.[0];
  return sign === undefined ? undefined : { token: { kind: 'symbol', text: sign, at }, length: sign.length };
}

const simpleEscapes: Readonly<Record<string, string>> = {
  ...{ a: '\x07', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' },
  ...{ '\\': '\\', "'": "'", '"': '"', '`': '`', '?': '?' },
};
const escapeSequence =
  /\\(?:([abfnrtv\\'"`?])|[xX]([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-3][0-7]{2})|([\s\S]))/g;

function unescaped(text: string, at: number): string {
  return text.replace(escapeSequence, (_all, simple, byte, short, long, octal, other) => {
    if (simple) return simpleEscapes[simple] ?? '';
    if (other !== undefined) throw new LexError(at, `unable to unescape string: \\${other}`);
    const code = octal ? Number.parseInt(octal, 8) : Number.parseInt(byte ?? short ?? long, 16);
    if (code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) throw new LexError(at, 'invalid unicode code point');
    return String.fromCodePoint(code);
  });
}

/** Escapes by number are bytes in bytes, and letters elsewhere. */
function bytesOf(text: string, raw: boolean, at: number): Bytes {
  if (raw) return new Bytes(Buffer.from(text));
  const parts: Uint8Array[] = [];
  let end = 0;
  for (const found of text.matchAll(/\\[xX]([0-9a-fA-F]{2})|\\([0-3][0-7]{2})/g)) {
    parts.push(Buffer.from(unescaped(text.slice(end, found.index), at)));
    parts.push(Uint8Array.of(found[1] ? Number.parseInt(found[1], 16) : Number.parseInt(found[2] ?? '', 8)));
    end = found.index + found[0].length;
  }
  return new Bytes(Buffer.concat([...parts, Buffer.from(unescaped(text.slice(end), at))]));
}
