import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { clusterIdOf, nodeNames } from '../../libs/provision/names.ts';

const program = join(import.meta.dirname, '../../apps/cli/main.js');

/** A cluster of its own for one benchmark. */
export class BenchCluster {
  readonly home = mkdtempSync('/var/tmp/berth-bench-');

  constructor(private readonly port: number) {}

  up(...args: string[]): void {
    this.berth('up', '--detach', '--port', String(this.port), ...args);
  }

  down(...args: string[]): void {
    this.berth('down', ...args);
  }

  remove(): void {
    this.down('--purge');
    rmSync(this.home, { recursive: true, force: true });
  }

  private berth(...args: string[]): void {
    const env = { ...process.env, BERTH_HOME: this.home };
    execFileSync(process.execPath, [program, ...args], { env, stdio: ['ignore', 'ignore', 'inherit'] });
  }
}

/** Each node's own containerd, and the cgroup that its pods live in. */
export function runtimesOf(home: string, nodes: number): Array<{ socket: string; cgroup: string }> {
  return Array.from({ length: nodes }, (_, i) => {
    const names = nodeNames(clusterIdOf(home), i + 1);
    return { socket: join(names.runDirectory, 'containerd.sock'), cgroup: names.podsCgroup };
  });
}
