import type { Action } from './actions.ts';

/** How this machine arranges control groups. */
export type CgroupLayout =
  | { version: 2; mount: string }
  /** Mount points by controller; named hierarchies (name=systemd) and a hybrid's unified tree are in `others`. */
  | { version: 1; controllers: Record<string, string>; others: string[] };

/** What the pods of one node may use together. */
export interface NodeShare {
  cpus: number;
  memoryBytes: number;
}

const knownControllers = [
  'cpu',
  'cpuacct',
  'cpuset',
  'memory',
  'devices',
  'freezer',
  'blkio',
  'pids',
  'net_cls',
  'net_prio',
  'perf_event',
  'hugetlb',
  'rdma',
  'misc',
];
const delegated = ['cpu', 'cpuset', 'io', 'memory', 'pids'];
/** Controllers whose version 1 groups hold Berth's own processes; a cpuset would have to be filled in first. */
const systemControllers = ['memory', 'pids', 'cpu', 'cpuacct', 'freezer'];
const quotaPeriodMicroseconds = 100_000;

/** Reads the layout from the text of /proc/self/mountinfo; undefined when no cgroup file system is mounted. */
export function parseCgroupLayout(mountinfo: string): CgroupLayout | undefined {
  const controllers: Record<string, string> = {};
  const others: string[] = [];
  let unified: string | undefined;
  for (const line of mountinfo.split('\n')) {
    const [left, right] = line.split(' - ');
    const mount = left?.split(' ')[4];
    const [type, , options] = right?.split(' ') ?? [];
    if (mount === undefined) continue;
    if (type === 'cgroup2') unified ??= mount;
    if (type !== 'cgroup') continue;
    const held = (options ?? '').split(',').filter((option) => knownControllers.includes(option));
    for (const controller of held) controllers[controller] ??= mount;
    if (held.length === 0) others.push(mount);
  }
  if (controllers.memory !== undefined || controllers.cpu !== undefined) {
    return { version: 1, controllers, others: unified === undefined ? others : [...others, unified] };
  }
  return unified === undefined ? undefined : { version: 2, mount: unified };
}

/** Every hierarchy's mount point, each once. */
export function hierarchies(layout: CgroupLayout): string[] {
  if (layout.version === 2) return [layout.mount];
  return [...new Set([...Object.values(layout.controllers), ...layout.others])];
}

/** The cgroup.procs files that a process writes itself into to be in `path`. */
export function entryFiles(layout: CgroupLayout, path: string): string[] {
  return systemMounts(layout).map((mount) => `${mount}${path}/cgroup.procs`);
}

/** Makes an unlimited group for processes of Berth's own; `weight` is its part of contended CPUs, 1 as by default. */
export function systemCgroupActions(layout: CgroupLayout, path: string, weight = 1): Action[] {
  const changes = [
    ...delegation(layout, parentOf(path)),
    ...systemMounts(layout).map((at) => ({ directory: at + path })),
    ...(weight === 1 ? [] : weightOf(layout, path, weight)),
  ];
  return [{ name: `cgroup ${path}`, changes, undo: removal(layout, path) }];
}

function weightOf(layout: CgroupLayout, path: string, weight: number) {
  if (layout.version === 2) return [{ write: `${layout.mount}${path}/cpu.weight`, content: String(100 * weight) }];
  const mount = layout.controllers.cpu;
  return mount === undefined ? [] : [{ write: `${mount}${path}/cpu.shares`, content: String(1024 * weight) }];
}

/** Makes the group of a node's pods and gives it the node's share of the machine. */
export function podsCgroupActions(layout: CgroupLayout, path: string, share: NodeShare): Action[] {
  const quota = Math.max(1000, Math.round(share.cpus * quotaPeriodMicroseconds));
  const changes =
    layout.version === 2
      ? [
          ...delegation(layout, path),
          { write: `${layout.mount}${path}/cpu.max`, content: `${quota} ${quotaPeriodMicroseconds}` },
          { write: `${layout.mount}${path}/memory.max`, content: String(share.memoryBytes) },
        ]
      : [
          { directory: `${layout.controllers.cpu}${path}` },
          { directory: `${layout.controllers.memory}${path}` },
          { write: `${layout.controllers.cpu}${path}/cpu.cfs_period_us`, content: String(quotaPeriodMicroseconds) },
          { write: `${layout.controllers.cpu}${path}/cpu.cfs_quota_us`, content: String(quota) },
          { write: `${layout.controllers.memory}${path}/memory.limit_in_bytes`, content: String(share.memoryBytes) },
        ];
  return [{ name: `cgroup ${path}`, changes, undo: removal(layout, path) }];
}

function systemMounts(layout: CgroupLayout): string[] {
  if (layout.version === 2) return [layout.mount];
  const mounts = systemControllers.map((name) => layout.controllers[name]).filter((mount) => mount !== undefined);
  return [...new Set(mounts)];
}

/** Version 2 only: makes `path` and hands the controllers down to its children, from the root on. */
function delegation(layout: CgroupLayout, path: string) {
  if (layout.version === 1) return [];
  const parts = path.split('/').filter((part) => part !== '');
  const groups = ['', ...parts.map((_, at) => `/${parts.slice(0, at + 1).join('/')}`)];
  const evacuate = { run: ['/bin/sh', '-c', evacuation(layout.mount)] };
  return groups.flatMap((group) => [
    ...(group === '' ? [evacuate] : [{ directory: `${layout.mount}${group}` }]),
    // One by one: a machine that lacks a controller still gives the others.
    ...delegated.map((controller) => ({
      run: ['/bin/sh', '-c', `echo +${controller} > ${layout.mount}${group}/cgroup.subtree_control 2>/dev/null; true`],
    })),
  ]);
}

/**
 * In a container the top group is an ordinary one (it has a cgroup.type), full of processes, and such a group hands
 * nothing down: they go into a leaf of their own. Source: kernel, cgroup-v2, "No Internal Process Constraint".
 */
function evacuation(mount: string): string {
  const needed = `[ -f ${mount}/cgroup.type ] && ! echo +memory > ${mount}/cgroup.subtree_control`;
  const move = `for pid in $(cat ${mount}/cgroup.procs); do echo $pid > ${mount}/init/cgroup.procs; done`;
  return `exec 2>/dev/null; if ${needed}; then mkdir -p ${mount}/init; ${move}; fi; true`;
}

function removal(layout: CgroupLayout, path: string) {
  return hierarchies(layout).map((mount) => ({
    run: ['/bin/sh', '-c', `[ ! -d ${mount}${path} ] || find ${mount}${path} -depth -type d -exec rmdir {} +`],
  }));
}

function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/'));
}
