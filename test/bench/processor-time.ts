import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CgroupTree } from '../../libs/node/cgroups/cgroups.ts';
import { detectCgroupTree } from '../../libs/node/cgroups/detect.ts';
import { clusterIdOf, clusterNames } from '../../libs/provision/names.ts';

const msPerTick = 10;

/** Milliseconds that parts of a cluster have had of the machine's processors. */
export interface ProcessorTime {
  server: number;
  agents: number;
  /** containerd, its shims, runc, the network plugins and the containers. */
  runtime: number;
}

/** What a cluster on this machine uses; read before and after some work. */
export class ProcessorMeter {
  private readonly tree: CgroupTree = detectCgroupTree();
  private readonly cgroup: string;

  constructor(private readonly home: string) {
    this.cgroup = clusterNames(clusterIdOf(home)).cgroup;
  }

  read(): ProcessorTime {
    const server = this.ofCgroup(`${this.cgroup}/control`);
    const pidFiles = readdirSync(join(this.home, 'run')).filter((file) => file.endsWith('-agent.pid'));
    const agents = pidFiles.reduce((sum, file) => sum + processMs(join(this.home, 'run', file)), 0);
    return { server, agents, runtime: this.ofCgroup(this.cgroup) - server - agents };
  }

  private ofCgroup(path: string): number {
    return (this.tree.usage(path)?.cpuNanoseconds ?? 0) / 1e6;
  }
}

/** User and system time of the process whose id stands in a file. */
function processMs(pidFile: string): number {
  const pid = readFileSync(pidFile, 'utf8').trim().split(/\s/)[0];
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * msPerTick;
}

export function perPod(before: ProcessorTime, after: ProcessorTime, pods: number): ProcessorTime {
  const share = (name: keyof ProcessorTime) => Math.round((after[name] - before[name]) / pods);
  return { server: share('server'), agents: share('agents'), runtime: share('runtime') };
}
