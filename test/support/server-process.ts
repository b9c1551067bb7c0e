import { type ChildProcess, spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { HttpClient } from '../../libs/client/http.ts';
import { readKubeconfig } from '../../libs/client/kubeconfig.ts';

const dist = process.env.BERTH_DIST ?? join(import.meta.dirname, '../../dist');
const startMsMax = 90_000;
/** Below the range from which the kernel gives ports to outgoing connections: a killed server finds its port free. */
const firstPort = 20_000;
const portCount = 10_000;

/** A port that nobody listens on, and that no connection takes while a server is away. */
export async function quietPort(): Promise<number> {
  for (let at = process.pid; ; at++) {
    const port = firstPort + ((at * 7) % portCount);
    const isFree = await new Promise<boolean>((resolve) => {
      const probe = createServer();
      probe.once('error', () => resolve(false));
      probe.listen(port, '0.0.0.0', () => probe.close(() => resolve(true)));
    });
    if (isFree) return port;
  }
}

export interface ServerPlace {
  home: string;
  port: number;
  /** `embedded` or `etcd=URL`. */
  store: string;
  /** The API server alone when absent. */
  program?: 'apiserver' | 'server';
  /** More of its command line. */
  flags?: readonly string[];
}

/** A server in a process of its own, which can be killed and started again over what it left. */
export class ServerProcess {
  private readonly place: ServerPlace;
  private child: ChildProcess | undefined;
  private output = '';

  constructor(place: ServerPlace) {
    this.place = place;
  }

  /** Resolves when it serves. */
  async start(): Promise<void> {
    const { home, port, store, program: name = 'apiserver', flags = [] } = this.place;
    const program = join(dist, `apps/${name}/main.js`);
    const argv = [program, '--home', home, '--port', String(port), '--store', store, ...flags];
    const child = spawn(process.execPath, argv, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, NODE_OPTIONS: '' },
    });
    this.child = child;
    this.output = '';
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => {
        reject(new Error(`the server did not start: ${this.output}`));
        child.kill('SIGKILL');
      }, startMsMax);
      child.once('exit', (code) => {
        clearTimeout(timer);
        reject(new Error(`the server ended with ${code}: ${this.output}`));
      });
      const read = (chunk: Buffer) => {
        this.output += chunk.toString();
        if (!/\bserving\b/.test(this.output)) return;
        clearTimeout(timer);
        resolve();
      };
      child.stdout?.on('data', read);
      child.stderr?.on('data', read);
    });
  }

  async kill(): Promise<void> {
    const { child } = this;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await ended;
  }

  client(): HttpClient {
    return new HttpClient(readKubeconfig(join(this.place.home, 'kubeconfig'), 'storm'));
  }
}
