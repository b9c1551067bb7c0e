import { type CgroupLimits, type CgroupSample, type CgroupTree, type CgroupUsage, noUsage } from './cgroups.ts';

/** Control groups that exist in memory only: for hollow nodes and tests. */
export class MemoryCgroups implements CgroupTree {
  readonly version = 2;
  readonly groups = new Map<string, CgroupLimits>();

  limitsSwap(): boolean {
    return true;
  }

  ensure(path: string, limits: CgroupLimits): void {
    this.groups.set(path, { ...this.groups.get(path), ...limits });
  }

  remove(path: string): boolean {
    for (const known of this.groups.keys())
      if (known === path || known.startsWith(`${path}/`)) this.groups.delete(known);
    return true;
  }

  children(path: string): string[] {
    const prefix = `${path}/`;
    const below = [...this.groups.keys()].filter((known) => known.startsWith(prefix));
    return [...new Set(below.map((known) => known.slice(prefix.length).split('/')[0] ?? ''))];
  }

  processes(): number[] {
    return [];
  }

  sample(path: string): CgroupSample | undefined {
    return this.usage(path);
  }

  usage(path: string): CgroupUsage | undefined {
    return this.groups.has(path) ? noUsage : undefined;
  }
}
