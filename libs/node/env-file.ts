import type { V1FileKeySelector } from '../api/gen/types.ts';
import { StatusError } from '../base/status.ts';
import { openBelow } from './open-below.ts';

/** What is read of a file of variables. Source: KEP-3721. */
const fileBytesMax = 64 * 1024;

const wrong = (line: number, what: string) =>
  new StatusError('Invalid', `invalid environment variable format at line ${line}: ${what}`);

/**
 * The value of a variable in a file of lines `NAME='value'`; the value may go over lines. A value that is not directly
 * behind its sign is empty, as in a shell. undefined when the variable is not there or empty.
 * @throws StatusError when the file up to there is of another form.
 */
export function variableIn(text: string, key: string): string | undefined {
  const lines = text.split('\n');
  for (let at = 0; at < lines.length; at++) {
    const number = at + 1;
    const line = (lines[at] ?? '').replace(/^[ \t]+/, '');
    if (line.trim() === '' || line.startsWith('#')) continue;
    const sign = line.indexOf('=');
    const name = line.slice(0, Math.max(sign, 0));
    if (sign < 0) throw wrong(number, "missing '='");
    if (name === '') throw wrong(number, 'empty variable name');
    if (/[ \t]$/.test(name)) throw wrong(number, "whitespace before '=' is not allowed");
    let rest = line.slice(sign + 1);
    if (/^[ \t]/.test(rest)) {
      if (name === key) return undefined;
      continue;
    }
    if (!rest.startsWith("'")) throw wrong(number, 'value must be enclosed in single quotes');
    rest = rest.slice(1);
    while (!rest.includes("'")) {
      at += 1;
      const next = lines[at];
      if (next === undefined) throw wrong(number, 'unclosed single quote');
      rest += `\n${next}`;
    }
    const [value = '', after = ''] = [rest.slice(0, rest.indexOf("'")), rest.slice(rest.indexOf("'") + 1).trim()];
    if (after !== '' && !after.startsWith('#')) throw wrong(at + 1, 'unexpected content after closing quote');
    if (name === key) return value === '' ? undefined : value;
  }
  return undefined;
}

/** The text of a file in a volume, links followed only within it; undefined when there is none. */
async function textOf(volume: string, path: string): Promise<string | undefined> {
  const opened = await openBelow(volume, path);
  if (!opened) return undefined;
  const { handle, stats } = opened;
  try {
    if (!stats.isFile()) return undefined;
    const buffer = Buffer.alloc(fileBytesMax);
    const { bytesRead } = await handle.read(buffer, 0, fileBytesMax, 0);
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await handle.close();
  }
}

/**
 * The variable of a file that an earlier container of the pod wrote; undefined when it is optional and absent.
 * @throws StatusError when it is absent, or the file of another form.
 */
export async function fileKeyValue(
  { volumeName, path, key, optional }: V1FileKeySelector,
  volumePath: (name: string) => string | undefined,
): Promise<string | undefined> {
  const volume = volumePath(volumeName);
  if (volume === undefined) {
    throw new StatusError('NotFound', `cannot find the volume "${volumeName}" referenced by FileKeyRef`);
  }
  const text = await textOf(volume, path);
  const value = text === undefined ? undefined : variableIn(text, key);
  if (value !== undefined || optional) return value;
  throw new StatusError('NotFound', `environment variable key "${key}" not found in file "${path}"`);
}
