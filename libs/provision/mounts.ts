import type { Machine } from './machine.ts';

const rounds = 5;

/** The mount points at or below `directory` in the text of /proc/self/mountinfo, deepest and newest first. */
export function mountsBelow(mountinfo: string, directory: string): string[] {
  return mountinfo
    .split('\n')
    .map((line) => unescapeOctal(line.split(' ')[4] ?? ''))
    .filter((path) => path === directory || path.startsWith(`${directory}/`))
    .reverse();
}

/** Paths in mountinfo have blanks and backslashes as octal escapes (proc(5)). */
function unescapeOctal(path: string): string {
  return path.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}

/** Takes off every mount at or below a directory. What is busy is detached and goes when its last user does. */
export async function unmountBelow(machine: Machine, directory: string): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    const mounts = mountsBelow(await machine.read('/proc/self/mountinfo'), directory);
    if (mounts.length === 0) return;
    await machine.run(['umount', '--lazy', '--no-mtab', ...mounts]).catch(() => {});
  }
}
