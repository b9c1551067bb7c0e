import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startEtcd } from '../support/etcd-server.ts';
import { type Call, Connection } from './api-connection.ts';
import { namespace, podsPath, podText, run, runLists } from './api-load.ts';
import { ApiProcess } from './api-process.ts';
import { fanOut } from './api-watch.ts';
import { print } from './measure.ts';

/**
 * An API server in a process of its own, asked over TLS from this one: `npm run bench -- api [--store embedded|etcd]
 * [--quick]`. One JSON line per measurement; serverCpuUs is the server's processor time per request, which says more
 * than the rate on a machine that does other work. Data lies in the working directory's filesystem.
 */
interface Sizes {
  readonly writes: number;
  readonly gets: number;
  readonly patches: number;
  readonly widths: readonly number[];
  /** Pods at which memory is looked at, and at which lists are taken. */
  readonly memoryAt: readonly number[];
  readonly listAt: readonly number[];
  readonly watchers: number;
  readonly watchSeconds: number;
  readonly pacedSeconds: number;
}

const full: Sizes = {
  writes: 10_000,
  gets: 20_000,
  patches: 5_000,
  widths: [16, 64, 256],
  memoryAt: [1_000, 10_000, 100_000],
  listAt: [5_000, 10_000, 50_000],
  watchers: 1_000,
  watchSeconds: 10,
  pacedSeconds: 10,
};

const quick: Sizes = {
  writes: 2_000,
  gets: 4_000,
  patches: 1_000,
  widths: [64],
  memoryAt: [1_000, 5_000],
  listAt: [5_000],
  watchers: 100,
  watchSeconds: 3,
  pacedSeconds: 2,
};

const pacedPerSecond = 1_000;
const fanOutPerSecond = 100;
const fillWidth = 64;
/** A server that has just worked hard gives memory back for a while. */
const restMs = 3_000;
const tableType = 'application/json;as=Table;v=v1;g=meta.k8s.io';

/** One store from beginning to end. Pods are numbered on: `count` of them stand. */
class Benchmark {
  private count = 0;

  constructor(
    private readonly server: ApiProcess,
    private readonly store: string,
    private readonly sizes: Sizes,
  ) {}

  async run(): Promise<void> {
    print({ store: this.store, what: 'at rest', residentMegabytes: this.server.residentMegabytes() });
    await this.prepare();
    const marks = [...new Set([...this.sizes.memoryAt, ...this.sizes.listAt])].sort((a, b) => a - b);
    for (const mark of marks) {
      await this.fillTo(mark);
      if (this.sizes.memoryAt.includes(mark)) await this.memory();
      if (this.sizes.listAt.includes(mark)) await this.lists();
      if (mark === marks[0]) await this.requests();
    }
  }

  private async requests(): Promise<void> {
    for (const width of this.sizes.widths) await this.create('creates', this.sizes.writes, { width });
    const total = pacedPerSecond * this.sizes.pacedSeconds;
    await this.create(`creates at ${pacedPerSecond}/s`, total, { width: fillWidth, perSecond: pacedPerSecond });
    for (const width of this.sizes.widths) {
      await this.load('gets', this.sizes.gets, width, (i) => ({ method: 'GET', path: this.pathOf(i * 7919) }));
    }
    await this.patches();
    await this.updates();
    const { watchers, watchSeconds: seconds } = this.sizes;
    await fanOut(this.server, this.store, { watchers, perSecond: fanOutPerSecond, seconds });
  }

  private async patches(): Promise<void> {
    const patch = (what: string, type: string, query: string, body: (index: number) => object) =>
      this.load(what, this.sizes.patches, fillWidth, (index) => ({
        method: 'PATCH',
        path: `${this.pathOf(index)}${query}`,
        contentType: `application/${type}`,
        body: JSON.stringify(body(index)),
      }));
    await patch('merge patches', 'merge-patch+json', '', (i) => ({ metadata: { labels: { merged: `m${i}` } } }));
    await patch('strategic patches', 'strategic-merge-patch+json', '', (i) => ({
      metadata: { annotations: { strategic: `s${i}` } },
    }));
    await patch('applies', 'apply-patch+yaml', '?fieldManager=bench&force=true', (i) => ({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: this.nameOf(i), labels: { applied: `a${i}` } },
    }));
  }

  /** Whole objects as they were read, with another label. */
  private async updates(): Promise<void> {
    const { patches: total } = this.sizes;
    const texts: string[] = [];
    const connection = await Connection.open(this.server.target);
    for (let index = 0; index < total; index++) {
      const { head } = await connection.send({ method: 'GET', path: this.pathOf(index) });
      const pod = JSON.parse(head) as { metadata: { labels: Record<string, string> } };
      pod.metadata.labels.updated = 'yes';
      texts.push(JSON.stringify(pod));
    }
    connection.close();
    await this.load('updates', total, fillWidth, (i) => ({
      method: 'PUT',
      path: this.pathOf(i),
      body: texts[i] ?? '',
    }));
  }

  private async lists(): Promise<void> {
    const list = (what: string, query = '', accept?: string) =>
      runLists(this.server, this.store, {
        what: `${what} of ${this.count} pods`,
        total: 5,
        call: () => ({ method: 'GET', path: podsPath + query, accept }),
      });
    await list('list', '?resourceVersion=0');
    await list('consistent list');
    await list('table', '', tableType);
    await list('page of 500', '?limit=500');
  }

  private async memory(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, restMs));
    print({ store: this.store, what: 'memory', pods: this.count, residentMegabytes: this.server.residentMegabytes() });
  }

  private async fillTo(count: number): Promise<void> {
    if (count > this.count) await this.create(`creates up to ${count}`, count - this.count, { width: fillWidth });
  }

  private async create(what: string, total: number, more: { width: number; perSecond?: number }): Promise<void> {
    const from = this.count;
    const call = (index: number) => ({ method: 'POST', path: podsPath, body: podText(this.nameOf(from + index)) });
    await run(this.server, this.store, { what, total, call, ...more });
    this.count += total;
  }

  private load(what: string, total: number, width: number, call: (i: number) => Call): Promise<void> {
    return run(this.server, this.store, { what, total, width, call });
  }

  private async prepare(): Promise<void> {
    const connection = await Connection.open(this.server.target);
    const body = JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
    await connection.send({ method: 'POST', path: '/api/v1/namespaces', body });
    const account = JSON.stringify({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default' } });
    await connection.send({ method: 'POST', path: `/api/v1/namespaces/${namespace}/serviceaccounts`, body: account });
    connection.close();
  }

  private nameOf(index: number): string {
    return `pod-${String(index).padStart(6, '0')}`;
  }

  private pathOf(index: number): string {
    return `${podsPath}/${this.nameOf(index % this.count)}`;
  }
}

async function benchmark(directory: string, store: string, { choice, sizes }: { choice: string; sizes: Sizes }) {
  const server = await ApiProcess.start(join(directory, store), choice);
  try {
    await new Benchmark(server, store, sizes).run();
  } finally {
    await server.stop();
  }
}

async function main(): Promise<void> {
  const options = { store: { type: 'string' }, quick: { type: 'boolean', default: false } } as const;
  const { values } = parseArgs({ options });
  const sizes = values.quick ? quick : full;
  const directory = mkdtempSync(join(process.cwd(), '.bench-'));
  try {
    if (values.store !== 'etcd') await benchmark(directory, 'embedded', { choice: 'embedded', sizes });
    if (values.store === 'embedded') return;
    const etcd = await startEtcd({ directory: join(directory, 'etcd') });
    try {
      await benchmark(directory, 'over-etcd', { choice: `etcd=${etcd.url}`, sizes });
    } finally {
      await etcd.dispose();
    }
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

await main();
