import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
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

const lowerKey = 'lowerdir=';

/**
 * The options of an overlay of many layers with their folders as seen from the one above them all, if there is such: the
 * kernel takes no more than a page of options, which long paths soon fill.
 */
export function fromAbove(options: readonly string[]): { options: readonly string[]; above?: string } {
  const lower = options.find((option) => option.startsWith(lowerKey));
  const folders = lower?.slice(lowerKey.length).split(':') ?? [];
  const [first = ''] = folders;
  // Of two folders that share all of a path down to a slash, that path is above both.
  let shared = dirname(first);
  while (shared !== '/' && !folders.every((folder) => folder.startsWith(`${shared}/`))) shared = dirname(shared);
  if (folders.length < 2 || !first.startsWith('/') || shared === '/' || lower?.includes('\\')) return { options };
  const relative = `${lowerKey}${folders.map((folder) => folder.slice(shared.length + 1)).join(':')}`;
  return { options: options.map((option) => (option === lower ? relative : option)), above: shared };
}

/** Mounts as a runtime says it is to be done. */
export async function mountAs(
  directory: string,
  { type, source, options }: { type: string; source: string; options: readonly string[] },
): Promise<void> {
  const kind = type === 'bind' ? [] : ['-t', type];
  const { options: given, above } = type === 'overlay' ? fromAbove(options) : { options };
  // The kernel's newer calls take no more than 256 bytes of one option.
  const env = above && { ...process.env, LIBMOUNT_FORCE_MOUNT2: 'always' };
  await run('mount', [...kind, '-o', given.join(','), source, directory], { cwd: above, ...(env && { env }) });
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
