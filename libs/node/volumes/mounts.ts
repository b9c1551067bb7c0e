import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The kernel writes spaces and their like in mount tables as octal escapes. */
function unescapeOctal(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}

/** The mount points at or below a directory, the deepest first. */
export async function mountsBelow(directory: string): Promise<string[]> {
  const table = await readFile('/proc/self/mountinfo', 'utf8');
  const points = table.split('\n').map((line) => unescapeOctal(line.split(' ')[4] ?? ''));
  const below = points.filter((point) => point === directory || point.startsWith(`${directory}/`));
  return below.sort((a, b) => b.length - a.length);
}

export async function mountTmpfs(directory: string, sizeBytes: number | undefined): Promise<void> {
  const options = sizeBytes ? ['-o', `size=${sizeBytes}`] : [];
  await run('mount', ['-t', 'tmpfs', ...options, 'tmpfs', directory]);
}

/** Mounts as a runtime says it is to be done. */
export async function mountAs(
  directory: string,
  { type, source, options }: { type: string; source: string; options: readonly string[] },
): Promise<void> {
  const kind = type === 'bind' ? [] : ['-t', type];
  await run('mount', [...kind, '-o', options.join(','), source, directory]);
}

export async function bindMount(source: string, target: string): Promise<void> {
  await run('mount', ['--bind', source, target]);
}

export async function unmount(directory: string): Promise<void> {
  await run('umount', ['-l', directory]);
}

/** Unmounts everything at and below a directory. */
export async function unmountBelow(directory: string): Promise<void> {
  for (const point of await mountsBelow(directory)) await unmount(point);
}
