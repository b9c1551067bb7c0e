import { readFileSync } from 'node:fs';
import type { CgroupTree } from './cgroups.ts';
import { CgroupV1 } from './v1.ts';
import { CgroupV2 } from './v2.ts';

/** Reads how control groups are mounted from a mount table such as /proc/self/mountinfo. @throws Error when they are not. */
export function cgroupTreeOf(mountInfo: string): CgroupTree {
  const controllers = new Map<string, string>();
  let unified: string | undefined;
  for (const line of mountInfo.split('\n')) {
    const [left = '', right = ''] = line.split(' - ');
    const mountPoint = left.split(' ')[4] ?? '';
    const [type, , options = ''] = right.split(' ');
    if (type === 'cgroup2') unified ??= mountPoint;
    // The last words of a v1 mount name its controllers.
    if (type === 'cgroup')
      for (const name of options.split(',')) if (!controllers.has(name)) controllers.set(name, mountPoint);
  }
  for (const option of ['rw', 'ro']) controllers.delete(option);
  if (controllers.has('memory') && controllers.has('cpu')) {
    // On hybrid machines runtimes make groups in the unified hierarchy too.
    if (unified) controllers.set('unified', unified);
    return new CgroupV1(controllers);
  }
  if (unified) return new CgroupV2(unified);
  throw new Error('control groups are not mounted: expected /sys/fs/cgroup with the cpu and memory controllers');
}

export function detectCgroupTree(): CgroupTree {
  return cgroupTreeOf(readFileSync('/proc/self/mountinfo', 'utf8'));
}
