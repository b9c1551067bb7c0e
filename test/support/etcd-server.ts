import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const startMsMax = 20_000;
/** A port that was free when it was looked for may be somebody's by the time etcd wants it. */
const attemptsMax = 3;

/** A real etcd with ports and data of its own. */
export interface EtcdServer {
  url: string;
  pid: number;
  /** Ends the process at once and keeps its data; `start` brings it back. */
  kill(): Promise<void>;
  start(): Promise<void>;
  /** Ends it and removes its data. */
  dispose(): Promise<void>;
}

export interface EtcdOptions {
  /** Client port; the peer port is the next one. Free ports when absent. */
  port?: number;
  extraArguments?: string[];
  /** Where its data goes; a temporary directory when absent. */
  directory?: string;
}

export async function startEtcd(options: EtcdOptions = {}): Promise<EtcdServer> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await launch(options);
    } catch (error) {
      if (options.port !== undefined || options.directory !== undefined || attempt === attemptsMax) throw error;
    }
  }
}

async function launch(options: EtcdOptions): Promise<EtcdServer> {
  const directory = options.directory ?? mkdtempSync(join(tmpdir(), 'berth-etcd-'));
  const port = options.port ?? (await freePort());
  const peerPort = options.port === undefined ? await freePort() : port + 1;
  const url = `http://127.0.0.1:${port}`;
  const peer = `http://127.0.0.1:${peerPort}`;
  const values: Record<string, string> = {
    'data-dir': directory,
    'listen-client-urls': url,
    'advertise-client-urls': url,
    'listen-peer-urls': peer,
    'initial-advertise-peer-urls': peer,
    'initial-cluster': `default=${peer}`,
    'log-level': 'error',
  };
  const argv = [
    ...Object.entries(values).flatMap(([name, value]) => [`--${name}`, value]),
    ...(options.extraArguments ?? []),
  ];
  let child: ChildProcess;
  const start = async () => {
    child = spawn('etcd', argv, { stdio: 'ignore' });
    await untilHealthy(url, child);
  };
  const kill = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await exited;
  };
  const dispose = async () => {
    await kill();
    rmSync(directory, { recursive: true, force: true });
  };
  try {
    await start();
  } catch (error) {
    if (options.directory === undefined) await dispose();
    throw error;
  }
  return {
    url,
    get pid() {
      return child.pid ?? 0;
    },
    start,
    kill,
    dispose,
  };
}

async function untilHealthy(url: string, child: ChildProcess): Promise<void> {
  const deadline = performance.now() + startMsMax;
  while (performance.now() < deadline) {
    if (child.exitCode !== null) throw new Error(`etcd ended with exit code ${child.exitCode}`);
    const answer = await fetch(`${url}/health`).catch(() => undefined);
    if (answer?.ok) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`etcd at ${url} did not become healthy within ${startMsMax} ms`);
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() =>
        address !== null && typeof address === 'object' ? resolve(address.port) : reject(new Error('no port')),
      );
    });
  });
}
