import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { join } from 'node:path';
import { sleep, systemClock } from '../../libs/base/clock.ts';

export interface Finished {
  code: number;
  stdout: string;
  stderr: string;
}

export interface ClusterStatus {
  clusterId: string;
  server: number;
  nodes: Array<{ name: string; agent: number; containerd: number; containerdSocket: string }>;
}

/** A running cluster as its users see it: kubectl, the berth program, its files. */
export class Cluster {
  constructor(readonly home: string) {}

  static shared(): Cluster {
    const home = process.env.BERTH_E2E_HOME;
    if (!home) throw new Error('BERTH_E2E_HOME is not set: run through `npm test`');
    return new Cluster(home);
  }

  get kubeconfig(): string {
    return join(this.home, 'kubeconfig');
  }

  /** What kubectl printed; throws with its complaint when it fails. */
  async kubectl(args: string, options: { input?: string; timeoutMs?: number } = {}): Promise<string> {
    const done = await this.tryKubectl(args, options);
    if (done.code !== 0) throw new Error(`kubectl ${args} ended with ${done.code}: ${done.stderr}${done.stdout}`);
    return done.stdout;
  }

  tryKubectl(args: string, options: { input?: string; timeoutMs?: number } = {}): Promise<Finished> {
    return run('kubectl', split(args), { ...options, env: { KUBECONFIG: this.kubeconfig } });
  }

  startKubectl(args: string): ChildProcess {
    return spawn('kubectl', split(args), {
      env: { ...process.env, KUBECONFIG: this.kubeconfig },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
  }

  berth(...args: string[]): Promise<Finished> {
    const program = join(import.meta.dirname, '../../dist/apps/cli/main.js');
    return run(process.execPath, [program, ...args], {
      env: { BERTH_HOME: this.home, NODE_OPTIONS: '' },
      timeoutMs: 120_000,
    });
  }

  /** The processes that carry the cluster. */
  async describe(): Promise<ClusterStatus> {
    const { stdout } = await this.berth('status', '--json');
    return JSON.parse(stdout) as ClusterStatus;
  }

  /** An object as kubectl gets it. */
  async get<T>(args: string): Promise<T> {
    return JSON.parse(await this.kubectl(`get ${args} -o json`)) as T;
  }

  /** A namespace of the test's own; delete it with `dropNamespace`. */
  async makeNamespace(name: string): Promise<string> {
    const unique = `${name}-${systemClock.now().toString(36).slice(-5)}`;
    await this.kubectl(`create namespace ${unique}`);
    await eventually(() => this.kubectl(`-n ${unique} get serviceaccount default`));
    return unique;
  }

  async dropNamespace(name: string): Promise<void> {
    await this.kubectl(`delete namespace ${name} --wait=false`);
  }

  apply(namespace: string, yaml: string): Promise<string> {
    return this.kubectl(`-n ${namespace} apply -f -`, { input: yaml });
  }
}

/** Splits a command line; single quotes keep words together. */
function split(line: string): string[] {
  return [...line.matchAll(/'([^']*)'|(\S+)/g)].map((match) => match[1] ?? match[2] ?? '');
}

export function run(
  program: string,
  args: string[],
  options: { input?: string; timeoutMs?: number; env?: Record<string, string> },
): Promise<Finished> {
  return new Promise((resolve) => {
    const env = { ...process.env, ...options.env };
    const child = execFile(
      program,
      args,
      { env, timeout: options.timeoutMs ?? 60_000, maxBuffer: 64 << 20 },
      (error, stdout, stderr) => {
        resolve({ code: error ? (typeof error.code === 'number' ? error.code : 1) : 0, stdout, stderr });
      },
    );
    if (options.input !== undefined) child.stdin?.end(options.input);
  });
}

/** Calls until it neither throws nor returns false; the last failure is thrown after `timeoutMs`. */
export async function eventually<T>(attempt: () => Promise<T>, timeoutMs = 30_000): Promise<T> {
  const deadline = systemClock.monotonic() + timeoutMs;
  for (;;) {
    let failure: unknown = new Error('the condition did not become true');
    try {
      const result = await attempt();
      if (result !== false) return result;
    } catch (error) {
      failure = error;
    }
    if (systemClock.monotonic() > deadline) throw failure;
    await sleep(systemClock, 150);
  }
}

/** A Deployment and Service of the example's web server. */
export function webApp(
  name: string,
  options: { replicas?: number; image?: string; cpu?: string; serviceType?: string } = {},
): string {
  return `
apiVersion: apps/v1
kind: Deployment
metadata: { name: ${name}, labels: { app: ${name} } }
spec:
  replicas: ${options.replicas ?? 1}
  selector: { matchLabels: { app: ${name} } }
  template:
    metadata: { labels: { app: ${name} } }
    spec:
      terminationGracePeriodSeconds: 5
      containers:
        - name: web
          image: ${options.image ?? 'localhost/berth/hello:1'}
          ports: [{ name: http, containerPort: 8080 }]
          readinessProbe: { httpGet: { path: /, port: http }, periodSeconds: 1 }
          lifecycle: { preStop: { exec: { command: [sleep, '2'] } } }
          resources:
            requests: { cpu: ${options.cpu ?? '20m'}, memory: 16Mi }
            limits: { cpu: 500m, memory: 64Mi }
---
apiVersion: v1
kind: Service
metadata: { name: ${name} }
spec:
  type: ${options.serviceType ?? 'ClusterIP'}
  selector: { app: ${name} }
  ports: [{ name: http, port: 80, targetPort: http }]
`;
}
