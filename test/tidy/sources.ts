import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { parseSync } from '@swc/core';

export interface SourceFile {
  /** Path from the root of the project. */
  path: string;
  text: string;
  lines: string[];
}

const root = join(import.meta.dirname, '../..');

/** Files known to git or new to it, generated ones left out. */
export function projectFiles(pattern: RegExp): SourceFile[] {
  const listed = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
    encoding: 'utf8',
  });
  const paths = [...new Set(listed.split('\n'))].filter((path) => pattern.test(path) && !/(^|\/)gen\//.test(path));
  return paths.flatMap((path) => {
    try {
      const text = readFileSync(join(root, path), 'utf8');
      return [{ path, text, lines: text.split('\n') }];
    } catch {
      return [];
    }
  });
}

/** Every `.ts` file of the project. */
export const typescriptFiles = (): SourceFile[] => projectFiles(/^(apps|libs|test)\/.*\.ts$/);

export const isTest = (path: string): boolean => /\.test\.ts$|^test\//.test(path);

/** What a file imports: paths from the project's root for its own files, else the package's name. */
export function importsOf(file: SourceFile): string[] {
  const found = [
    ...file.text.matchAll(
      /(?:^|\n)\s*(?:import|export)\b[^;'"]*?from\s*'([^']+)'|\bimport\('([^']+)'\)|(?:^|\n)import '([^']+)'/g,
    ),
  ];
  return found.map((match) => {
    const target = match[1] ?? match[2] ?? match[3] ?? '';
    return target.startsWith('.') ? normalize(join(dirname(file.path), target)) : target;
  });
}

interface Span {
  start: number;
  end: number;
}

export interface FunctionSource {
  name: string;
  lines: number;
  parameters: number;
}

type Node = Record<string, unknown> & { type?: string; span?: Span };

const functionTypes = new Set([
  'FunctionDeclaration',
  'FunctionExpression',
  'ArrowFunctionExpression',
  'ClassMethod',
  'PrivateMethod',
  'Constructor',
  'MethodProperty',
]);

/** The functions of a file with their length in lines. */
export function functionsOf(file: SourceFile): FunctionSource[] {
  const module = parseSync(file.text, { syntax: 'typescript', decorators: true, target: 'es2022' });
  const bytes = Buffer.from(file.text);
  const found: FunctionSource[] = [];
  const first = leadingBytes(bytes, module.span.start);
  const visit = (node: unknown, name: string): void => {
    if (Array.isArray(node)) for (const each of node) visit(each, name);
    if (!node || typeof node !== 'object' || Array.isArray(node)) return;
    const current = node as Node;
    const own = nameOf(current) ?? name;
    if (current.type && functionTypes.has(current.type)) found.push(measure(current, own, { bytes, first }));
    for (const [key, child] of Object.entries(current)) if (key !== 'span') visit(child, own);
  };
  visit(module.body, file.path);
  return found;
}

function measure(node: Node, name: string, source: { bytes: Buffer; first: number }): FunctionSource {
  const inner = (node.function ?? node) as Node;
  const span = (node.span ?? inner.span) as Span;
  const text = source.bytes.subarray(span.start - source.first, span.end - source.first).toString();
  const parameters = ((inner.params ?? node.params ?? []) as unknown[]).length;
  return { name, lines: text.split('\n').length, parameters };
}

// Positions count bytes from a base that grows with every parse; the module's own start gives it away.
function leadingBytes(bytes: Buffer, moduleStart: number): number {
  const lead = /^(?:\s|\/\/[^\n]*\n|\/\*[\s\S]*?\*\/)*/.exec(bytes.toString())?.[0] ?? '';
  return moduleStart - Buffer.byteLength(lead);
}

function nameOf(node: Node): string | undefined {
  const named = (node.identifier ?? node.key ?? node.id) as Node | undefined;
  return typeof named?.value === 'string' ? named.value : undefined;
}
