import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createSecureContext } from 'node:tls';
import { parse } from 'yaml';
import type { Target } from './api-connection.ts';
import { residentMegabytes } from './measure.ts';

interface Kubeconfig {
  clusters: Array<{ cluster: { server: string; 'certificate-authority-data': string } }>;
  users: Array<{ user: { 'client-certificate-data': string; 'client-key-data': string } }>;
}

const main = join(import.meta.dirname, '../../apps/apiserver/main.js');
const usPerTick = 10_000;

/** A port for the API, of which the next one, where nodes' sessions go, is free as well. */
async function freePorts(): Promise<number> {
  for (;;) {
    const port = await freePort(0);
    if (port !== undefined && (await freePort(port + 1)) !== undefined) return port;
  }
}

/** The port, or any for 0; undefined when it is taken. */
function freePort(wanted: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(undefined));
    server.listen(wanted, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : undefined));
    });
  });
}

/** The API server in a process of its own, with what it uses of the machine. */
export class ApiProcess {
  private constructor(
    private readonly child: ChildProcess,
    readonly target: Target,
    private readonly etcdPid: number | undefined,
  ) {}

  /** Over etcd where there is one, else on the embedded store. */
  static async start(home: string, etcd?: { url: string; pid: number }): Promise<ApiProcess> {
    const store = etcd ? `etcd=${etcd.url}` : 'embedded';
    const port = await freePorts();
    const argv = ['--home', home, '--port', String(port), '--store', store];
    const child = spawn(process.execPath, ['--max-semi-space-size=32', main, ...argv], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await new Promise<void>((resolve, reject) => {
      child.once('exit', (code) => reject(new Error(`the API server ended with ${code}`)));
      child.stdout?.once('data', () => resolve());
    });
    return new ApiProcess(child, targetOf(home, port), etcd?.pid);
  }

  /** Processor time so far, in microseconds. */
  cpuUs(): number {
    return cpuUsOf(this.child.pid);
  }

  /** That of the etcd beneath; undefined on the embedded store. */
  etcdCpuUs(): number | undefined {
    return this.etcdPid && cpuUsOf(this.etcdPid);
  }

  residentMegabytes(): number {
    return residentMegabytes(readFileSync(`/proc/${this.child.pid}/status`, 'utf8'));
  }

  /** Begins to look for a new peak of the resident memory. */
  resetPeak(): void {
    writeFileSync(`/proc/${this.child.pid}/clear_refs`, '5');
  }

  peakMegabytes(): number {
    const kilobytes = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${this.child.pid}/status`, 'utf8'))?.[1];
    return Math.round(Number(kilobytes ?? 0) / 1024);
  }

  async stop(): Promise<void> {
    const exited = new Promise((resolve) => this.child.once('exit', resolve));
    this.child.kill('SIGTERM');
    await exited;
  }
}

function cpuUsOf(pid: number | undefined): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * usPerTick;
}

function targetOf(home: string, port: number): Target {
  const config = parse(readFileSync(join(home, 'kubeconfig'), 'utf8')) as Kubeconfig;
  const cluster = config.clusters[0]?.cluster;
  const user = config.users[0]?.user;
  if (!cluster || !user) throw new Error('the kubeconfig names no cluster');
  const pem = (data: string) => Buffer.from(data, 'base64');
  const context = createSecureContext({
    ca: pem(cluster['certificate-authority-data']),
    cert: pem(user['client-certificate-data']),
    key: pem(user['client-key-data']),
  });
  return { host: '127.0.0.1', port, context };
}
