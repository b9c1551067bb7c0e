// The named limits of the code as the table that stands in ARCHITECTURE.md. Run by `npm run generate`.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const root = join(import.meta.dirname, '../..');
const document = join(root, 'ARCHITECTURE.md');
const marks = { start: '<!-- limits: made by `npm run generate` -->', end: '<!-- end of limits -->' };

// A number (or a pair of them, as in a back-off policy) under a name that ends with its unit or says that it is a bound.
const declaration =
  /(?:\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*\n)?^(?:export )?const (\w*(?:Ms|Seconds|Bytes|Max|Min|Count|Hz|Policy|Window|Lines)(?:Max|Min)?)\b[^=\n]*= ([^;\n]+);$/gm;
const literal = /^(?:[\d_.]+(?:\s*(?:\*\*?|<<|\+|-|\/)\s*[\d_.]+)*|\{ (?:\w+: [\d_.]+(?:, )?)+ \})$/;

/** Rows of name, value, meaning and file, in the order of the files. */
function limits() {
  const listed = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', 'apps', 'libs'], {
    cwd: root,
    encoding: 'utf8',
  });
  const files = [...new Set(listed.split('\n'))]
    .filter((path) => path.endsWith('.ts') && !/\.test\.ts$|\/gen\//.test(path))
    .sort();
  return files.flatMap((path) => {
    let text;
    try {
      text = readFileSync(join(root, path), 'utf8');
    } catch {
      return [];
    }
    return [...text.matchAll(declaration)]
      .filter(([, , , value]) => literal.test(value))
      .map(([, comment, name, value]) => ({ path, name, value, meaning: sentence(comment) }));
  });
}

/** The first sentence of a doc comment, on one line. */
function sentence(comment) {
  const text = (comment ?? '')
    .split('\n')
    .map((line) => line.replace(/^\s*\*?\s?/, ''))
    .join(' ')
    .trim();
  return (/^.*?[.](?=\s|$)/.exec(text)?.[0] ?? text).replaceAll('|', '\\|');
}

export function limitsSection() {
  const rows = limits().map(({ path, name, value, meaning }) => `| \`${name}\` | ${value} | ${meaning} | ${path} |`);
  return [
    marks.start,
    '',
    '| Limit | Value | Meaning | Where |',
    '| --- | --- | --- | --- |',
    ...rows,
    '',
    marks.end,
  ].join('\n');
}

/** What stands in ARCHITECTURE.md now, and the document with the section made anew. */
export function compare() {
  const text = readFileSync(document, 'utf8');
  const from = text.indexOf(marks.start);
  const to = text.indexOf(marks.end) + marks.end.length;
  return { stands: text.slice(from, to), renewed: `${text.slice(0, from)}${limitsSection()}${text.slice(to)}` };
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href)
  writeFileSync(document, compare().renewed);
