import { isMap, isPair, isScalar, isSeq, LineCounter, parseDocument, visit } from 'yaml';
import { countMembers } from './json-text.ts';
import { DecodeError, writePath } from './problem.ts';

export interface YamlText {
  readonly value: unknown;
  readonly duplicates: string[];
  /** The same keys with the lines on which they stand, as readers of YAML tell of them. */
  readonly repeated: string[];
}

/** How often an anchor may be used, all in all: more is taken for an attack on memory. */
const aliasCountMax = 100;

function pathOf(ancestors: readonly unknown[]): Array<string | number> {
  const path: Array<string | number> = [];
  ancestors.forEach((node, index) => {
    const child = ancestors[index + 1];
    if (isPair(node) && isScalar(node.key)) path.push(String(node.key.value));
    if (isSeq(node) && child) path.push(node.items.indexOf(child));
  });
  return path;
}

function duplicatesIn(
  document: ReturnType<typeof parseDocument>,
  lines: LineCounter,
): Pick<YamlText, 'duplicates' | 'repeated'> {
  const duplicates: string[] = [];
  const repeated: string[] = [];
  visit(document, (_, node, ancestors) => {
    if (!isMap(node)) return;
    const keys = new Set<string>();
    for (const { key } of node.items) {
      const name = String(isScalar(key) ? key.value : key);
      if (keys.has(name)) {
        duplicates.push(writePath([...pathOf([...ancestors, node]), name]));
        const { line } = lines.linePos((isScalar(key) && key.range?.[0]) || 0);
        repeated.push(`line ${line}: key ${JSON.stringify(name)} already set in map`);
      }
      keys.add(name);
    }
  });
  return { duplicates, repeated };
}

/**
 * Reads one YAML document as Kubernetes does: version 1.1 (`y`, `no` and `on` are booleans, 0644 is octal), without
 * its times and sixty-based numbers. @throws DecodeError
 */
export function parseYaml(text: string): YamlText {
  try {
    return readDocument(text);
  } catch (error) {
    if (error instanceof DecodeError) throw error;
    // The parser recurses: what is nested without end makes it run out of stack.
    const why = error instanceof Error ? error.message : String(error);
    throw new DecodeError([], `the body is not YAML that can be read: ${why}`);
  }
}

function readDocument(text: string): YamlText {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, {
    version: '1.1',
    lineCounter,
    // Each would be made to point at its line, however many there are; one is told.
    prettyErrors: false,
    uniqueKeys: false,
    logLevel: 'error',
    customTags: (tags) =>
      tags.filter((tag) => {
        if (typeof tag === 'string') return !['timestamp', 'intTime', 'floatTime'].includes(tag);
        return tag.format !== 'TIME' && tag.tag !== 'tag:yaml.org,2002:timestamp';
      }),
  });
  // Of several documents the first one counts.
  const error = document.errors.find(({ code }) => code !== 'MULTIPLE_DOCS');
  if (error) {
    const { line, col } = lineCounter.linePos(error.pos[0]);
    throw new DecodeError([], `the body is not YAML: ${error.message.split('\n')[0]} at line ${line}, column ${col}`);
  }
  const value: unknown = document.toJS({ maxAliasCount: aliasCountMax });
  countMembers(value);
  return { value, ...duplicatesIn(document, lineCounter) };
}
