import type { Entry, Expression, FieldEntry, Literal, Parsed } from './ast.ts';
import { CompileError } from './errors.ts';
import { LexError, type Token, tokensOf } from './lexer.ts';
import { called, type Made, type NodeMaker, testOf } from './macros.ts';

/** Expressions inside each other beyond this are refused. */
const depthMax = 250;
/** Operators or selections in a row beyond this are refused: each nests the ones before it. */
const chainMax = 500;
/** Letters of an expression beyond this are refused. */
const lettersMax = 100_000;

const reserved = new Set([
  ...['as', 'break', 'const', 'continue', 'else', 'for', 'function', 'if', 'import', 'let', 'loop', 'package'],
  ...['namespace', 'return', 'var', 'void', 'while'],
]);

const levels: ReadonlyArray<ReadonlyMap<string, string>> = [
  new Map([['||', '_||_']]),
  new Map([['&&', '_&&_']]),
  new Map([
    ...(['<', '<=', '>', '>=', '==', '!='] as const).map((sign) => [sign, `_${sign}_`] as const),
    ['in', '@in'] as const,
  ]),
  new Map([
    ['+', '_+_'],
    ['-', '_-_'],
  ]),
  new Map([
    ['*', '_*_'],
    ['/', '_/_'],
    ['%', '_%_'],
  ]),
];

/** Reads an expression. @throws CompileError. */
export function parse(source: string): Parsed {
  if (source.length > lettersMax) {
    throw new CompileError('', [
      { at: 0, text: `expression code point size exceeds limit: size: ${source.length}, limit ${lettersMax}` },
    ]);
  }
  try {
    return new Parser(source).parse();
  } catch (error) {
    if (error instanceof LexError) throw new CompileError(source, [{ at: error.at, text: error.message }]);
    throw error;
  }
}

/** An operator and what stands to its right. */
interface Term {
  readonly name: string;
  readonly at: number;
  readonly right: Expression;
}

class Parser implements NodeMaker {
  private readonly tokens: readonly Token[];
  private position = 0;
  private depth = 0;
  private count = 0;

  constructor(private readonly source: string) {
    this.tokens = tokensOf(source);
  }

  parse(): Parsed {
    const root = this.expression();
    if (this.token.kind !== 'end') this.unexpected();
    return { root, count: this.count, source: this.source };
  }

  private get token(): Token {
    return this.tokens[this.position]!;
  }

  node(made: Made): Expression {
    return { id: this.count++, ...made } as Expression;
  }

  fail(at: number, text: string): never {
    throw new CompileError(this.source, [{ at, text }]);
  }

  private unexpected(expecting?: string): never {
    const { text, at, kind } = this.token;
    const more = expecting ? ` expecting ${expecting}` : '';
    return this.fail(
      at,
      `Syntax error: ${kind === 'end' || expecting ? 'mismatched' : 'extraneous'} input '${text}'${more}`,
    );
  }

  private is(symbol: string): boolean {
    return this.token.kind === 'symbol' && this.token.text === symbol;
  }

  private accept(symbol: string): Token | undefined {
    if (!this.is(symbol)) return undefined;
    return this.tokens[this.position++];
  }

  private expect(symbol: string): Token {
    return this.accept(symbol) ?? this.unexpected(`'${symbol}'`);
  }

  private expression(): Expression {
    if (++this.depth > depthMax) this.fail(this.token.at, `expression recursion limit exceeded: ${depthMax}`);
    const condition = this.binary(0);
    const sign = this.accept('?');
    if (!sign) {
      this.depth--;
      return condition;
    }
    const yes = this.binary(0);
    this.expect(':');
    const no = this.expression();
    this.depth--;
    return this.node({ kind: 'call', at: sign.at, name: '_?_:_', args: [condition, yes, no] });
  }

  private binary(level: number): Expression {
    const signs = levels[level];
    if (!signs) return this.unary();
    const first = this.binary(level + 1);
    const terms: Term[] = [];
    for (;;) {
      const name = this.token.kind === 'symbol' ? signs.get(this.token.text) : undefined;
      if (!name) break;
      const { at } = this.tokens[this.position++]!;
      if (level > 1 && terms.length >= chainMax) this.fail(at, `expression recursion limit exceeded: ${chainMax}`);
      terms.push({ name, at, right: this.binary(level + 1) });
    }
    return level > 1 ? this.chained(first, terms) : this.balanced(first, terms);
  }

  /** From left to right. */
  private chained(first: Expression, terms: readonly Term[]): Expression {
    return terms.reduce(
      (left, { name, at, right }) => this.node({ kind: 'call', at, name, args: [left, right] }),
      first,
    );
  }

  /** In halves, which for `&&` and `||` means the same and does not nest as deep. */
  private balanced(first: Expression, terms: readonly Term[]): Expression {
    if (terms.length === 0) return first;
    const middle = Math.floor(terms.length / 2);
    const { name, at, right } = terms[middle]!;
    const left = this.balanced(first, terms.slice(0, middle));
    return this.node({ kind: 'call', at, name, args: [left, this.balanced(right, terms.slice(middle + 1))] });
  }

  private unary(): Expression {
    const sign = this.accept('!') ?? this.accept('-');
    if (!sign) return this.member();
    if (++this.depth > depthMax) this.fail(sign.at, `expression recursion limit exceeded: ${depthMax}`);
    const value = this.token.value;
    let made: Expression;
    if (
      sign.text === '-' &&
      this.token.kind === 'literal' &&
      (typeof value === 'bigint' || typeof value === 'number')
    ) {
      this.position++;
      made = this.suffixes(this.node({ kind: 'literal', at: sign.at, value: -value }));
    } else {
      made = this.node({ kind: 'call', at: sign.at, name: sign.text === '!' ? '!_' : '-_', args: [this.unary()] });
    }
    this.depth--;
    return made;
  }

  private member(): Expression {
    return this.suffixes(this.primary());
  }

  private suffixes(first: Expression): Expression {
    let operand = first;
    for (let length = 0; ; length++) {
      if (length > chainMax) this.fail(this.token.at, `expression recursion limit exceeded: ${chainMax}`);
      const point = this.accept('.');
      if (point) {
        operand = this.select(operand, point.at);
        continue;
      }
      const bracket = this.accept('[');
      if (!bracket) return operand;
      const name = this.accept('?') ? '_[?_]' : '_[_]';
      const index = this.expression();
      this.expect(']');
      operand = this.node({ kind: 'call', at: bracket.at, name, args: [operand, index] });
    }
  }

  private select(operand: Expression, at: number): Expression {
    const optional = this.accept('?') !== undefined;
    const { kind, text } = this.token;
    if (kind !== 'name' && kind !== 'quoted') this.unexpected('IDENTIFIER');
    this.position++;
    const open = kind === 'name' && !optional ? this.accept('(') : undefined;
    if (!open) return this.node({ kind: 'select', at, operand, field: text, mode: optional ? 'optional' : 'plain' });
    const args = this.list(')');
    return (
      called({ target: operand, name: text, args, at: open.at }, this) ??
      this.node({ kind: 'call', at: open.at, name: text, target: operand, args })
    );
  }

  private list(close: string): Expression[] {
    const items: Expression[] = [];
    while (!this.accept(close)) {
      if (items.length > 0) this.expect(',');
      if (items.length > 0 && close !== ')' && this.accept(close)) break;
      items.push(this.expression());
    }
    return items;
  }

  private primary(): Expression {
    const { kind, at, value, text } = this.token;
    if (kind === 'literal') {
      this.position++;
      if (value === 2n ** 63n) this.fail(at, 'invalid int literal');
      return this.node({ kind: 'literal', at, value: value as Literal });
    }
    if (this.accept('(')) {
      const inside = this.expression();
      this.expect(')');
      return inside;
    }
    if (this.accept('[')) return this.listLiteral(at);
    if (this.accept('{')) return this.mapLiteral(at);
    const root = this.accept('.') ? '.' : '';
    if (this.token.kind !== 'name') this.unexpected(text === '<EOF>' ? 'an expression' : undefined);
    return this.named(root);
  }

  private named(root: string): Expression {
    const { text, at } = this.token;
    this.position++;
    if (reserved.has(text)) this.fail(at, `Syntax error: reserved identifier: ${text}`);
    const struct = this.structName(root + text);
    if (struct !== undefined) return this.structLiteral(struct, at);
    const open = this.accept('(');
    if (!open) return this.node({ kind: 'ident', at, name: root + text });
    const args = this.list(')');
    if (text === 'has' && !root) return testOf(args, open.at, this);
    return this.node({ kind: 'call', at: open.at, name: root + text, args });
  }

  /** The name before the braces of a message, with its points; undefined when no braces follow. */
  private structName(first: string): string | undefined {
    let name = first;
    let next = this.position;
    const at = (offset: number) => this.tokens[next + offset];
    while (at(0)?.text === '.' && at(0)?.kind === 'symbol' && at(1)?.kind === 'name') {
      name += `.${at(1)!.text}`;
      next += 2;
    }
    if (at(0)?.kind !== 'symbol' || at(0)?.text !== '{') return undefined;
    this.position = next;
    return name;
  }

  private structLiteral(name: string, _at: number): Expression {
    const { at } = this.expect('{');
    const fields: FieldEntry[] = [];
    while (!this.accept('}')) {
      if (fields.length > 0) this.expect(',');
      if (fields.length > 0 && this.accept('}')) break;
      const optional = this.accept('?') !== undefined;
      const { kind, text } = this.token;
      if (kind !== 'name' && kind !== 'quoted') this.unexpected('IDENTIFIER');
      this.position++;
      const colon = this.expect(':');
      fields.push({ field: text, at: colon.at, value: this.expression(), optional });
    }
    return this.node({ kind: 'struct', at, name, fields });
  }

  private listLiteral(at: number): Expression {
    const items: Expression[] = [];
    const optional = new Set<number>();
    while (!this.accept(']')) {
      if (items.length > 0) this.expect(',');
      if (items.length > 0 && this.accept(']')) break;
      if (this.accept('?')) optional.add(items.length);
      items.push(this.expression());
    }
    return this.node({ kind: 'list', at, items, optional });
  }

  private mapLiteral(at: number): Expression {
    const entries: Entry[] = [];
    while (!this.accept('}')) {
      if (entries.length > 0) this.expect(',');
      if (entries.length > 0 && this.accept('}')) break;
      const optional = this.accept('?') !== undefined;
      const key = this.expression();
      this.expect(':');
      entries.push({ key, value: this.expression(), optional });
    }
    return this.node({ kind: 'map', at, entries });
  }
}
