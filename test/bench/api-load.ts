import { type Answer, type Call, Connection } from './api-connection.ts';
import type { ApiProcess } from './api-process.ts';
import { print, quantile } from './measure.ts';

export const namespace = 'bench';
export const podsPath = `/api/v1/namespaces/${namespace}/pods`;

/** A pod of about 1.5 kB as JSON. */
export function podText(name: string, metadata: object = {}): string {
  const env = Array.from({ length: 10 }, (_, i) => ({
    name: `OPTION_${i}`,
    value: `what-option-number-${i}-is-set-to`,
  }));
  const container = {
    name: 'server',
    image: 'registry.example/shop/server:2.4.1',
    args: ['--listen=:8080', '--log=json', '--workers=4'],
    env,
    ports: [{ name: 'http', containerPort: 8080 }],
    resources: { requests: { cpu: '50m', memory: '32Mi' }, limits: { cpu: '500m', memory: '256Mi' } },
    livenessProbe: { httpGet: { path: '/healthy', port: 'http' }, periodSeconds: 20 },
  };
  const labels = { app: 'server', 'app.kubernetes.io/name': 'server', 'app.kubernetes.io/part-of': 'shop', track: 'a' };
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace, labels, annotations: { about: 'what a person wrote '.repeat(6) }, ...metadata },
    spec: { automountServiceAccountToken: false, nodeSelector: { 'bench/none': 'such' }, containers: [container] },
  });
}

interface Load {
  readonly what: string;
  readonly width: number;
  readonly total: number;
  call(index: number): Call;
  /** Looks at each answer. */
  answered?(index: number, answer: Answer): void;
  /**
   * Calls are due at this rate, whether or not those before them are answered, instead of one after the other. Their
   * times count from when they were due, so that what waits for a free connection counts as slow.
   */
  readonly perSecond?: number;
  /** No call begins later than this. */
  readonly secondsMax?: number;
}

/** On a machine that does other work, loads end before they have sent all that they would. */
export const loadSecondsMax = 20;

/**
 * Keeps `width` requests in flight, each on its own connection, until all are answered; prints what came of it, and
 * answers how many requests there were.
 */
export async function run(server: ApiProcess, store: string, load: Load): Promise<number> {
  const connections = await Promise.all(Array.from({ length: load.width }, () => Connection.open(server.target)));
  const took: number[] = [];
  const failures = new Map<number, number>();
  const cpuBefore = server.cpuUs();
  const etcdCpuBefore = server.etcdCpuUs();
  const started = performance.now();
  const endMs = started + (load.secondsMax ?? loadSecondsMax) * 1000;
  let next = 0;
  const lane = async (connection: Connection) => {
    while (next < load.total && performance.now() < endMs) {
      const index = next++;
      const dueMs = load.perSecond && started + (index / load.perSecond) * 1000;
      if (dueMs) await until(dueMs);
      const from = dueMs ?? performance.now();
      const answer = await connection.send(load.call(index));
      took.push(performance.now() - from);
      load.answered?.(index, answer);
      if (answer.code >= 400) failures.set(answer.code, (failures.get(answer.code) ?? 0) + 1);
    }
  };
  await Promise.all(connections.map(lane));
  const seconds = (performance.now() - started) / 1000;
  for (const connection of connections) connection.close();
  print({
    store,
    what: load.what,
    inFlight: load.width,
    total: next,
    perSecond: Math.round(next / seconds),
    p50Ms: +quantile(took, 0.5).toFixed(2),
    p99Ms: +quantile(took, 0.99).toFixed(2),
    ...(load.perSecond ? { p999Ms: +quantile(took, 0.999).toFixed(2), maxMs: +quantile(took, 1).toFixed(2) } : {}),
    serverCpuUs: Math.round((server.cpuUs() - cpuBefore) / next),
    ...(etcdCpuBefore === undefined ? {} : { etcdCpuUs: Math.round((server.etcdCpuUs()! - etcdCpuBefore) / next) }),
    ...(failures.size > 0 ? { failures: Object.fromEntries(failures) } : {}),
  });
  return next;
}

async function until(timeMs: number): Promise<void> {
  const waitMs = timeMs - performance.now();
  if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
}
