import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startEtcd } from '../support/etcd-server.ts';
import { type Call, Connection } from './api-connection.ts';
import { getsBeside, runLists } from './api-lists.ts';
import { loadSecondsMax, namespace, podsPath, podText, run } from './api-load.ts';
import { ApiProcess } from './api-process.ts';
import { fanOut } from './api-watch.ts';
import { print } from './measure.ts';

/**
 * An API server in a process of its own, asked over TLS from this one: `npm run bench -- api [--store embedded|etcd]
 * [--part requests|growth] [--quick]`. One JSON line per measurement; serverCpuUs and etcdCpuUs are processor time per request, which says more
 * than the rate on a machine that does other work. All of it takes a quarter of an hour. Data lies in the working directory's filesystem.
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
const listsOfEach = 5;
const tableType = 'application/json;as=Table;v=v1;g=meta.k8s.io';
const metadataType = 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io';
const protobufType = 'application/vnd.kubernetes.protobuf';

/** One server from beginning to end. Pods are numbered on: `count` of them stand. */
class Benchmark {
  private count = 0;
  /** When memory was first looked at. */
  private looked: { pods: number; megabytes: number } | undefined;

  constructor(
    private readonly server: ApiProcess,
    private readonly store: string,
    private readonly sizes: Sizes,
  ) {}

  /** Requests of each kind, and watches. */
  async requests(): Promise<void> {
    print({ store: this.store, what: 'at rest', residentMegabytes: this.server.residentMegabytes() });
    await this.prepare();
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

  /** Memory and lists with as many pods as each mark says. */
  async growth(): Promise<void> {
    await this.prepare();
    const marks = [...new Set([...this.sizes.memoryAt, ...this.sizes.listAt])].sort((a, b) => a - b);
    for (const mark of marks) {
      const total = mark - this.count;
      await this.create(`creates up to ${mark}`, total, { width: fillWidth, secondsMax: Number.POSITIVE_INFINITY });
      if (this.sizes.memoryAt.includes(mark)) await this.memory();
      if (this.sizes.listAt.includes(mark)) await this.lists();
    }
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
    const texts: string[] = [];
    const connection = await Connection.open(this.server.target);
    const endMs = performance.now() + loadSecondsMax * 1000;
    for (let index = 0; index < this.sizes.patches && performance.now() < endMs; index++) {
      const { head } = await connection.send({ method: 'GET', path: this.pathOf(index) });
      const pod = JSON.parse(head) as { metadata: { labels: Record<string, string> } };
      pod.metadata.labels.updated = 'yes';
      texts.push(JSON.stringify(pod));
    }
    connection.close();
    await this.load('updates', texts.length, fillWidth, (i) => ({
      method: 'PUT',
      path: this.pathOf(i),
      body: texts[i] ?? '',
    }));
  }

  private async lists(): Promise<void> {
    const list = (what: string, query = '', more: Partial<Call> = {}) =>
      runLists(this.server, this.store, {
        what: `${what} of ${this.count} pods`,
        total: listsOfEach,
        call: () => ({ method: 'GET', path: podsPath + query, ...more }),
      });
    await list('list', '?resourceVersion=0');
    await list('consistent list');
    await list('table', '', { accept: tableType });
    await list('metadata', '', { accept: metadataType });
    await list('protobuf list', '', { accept: protobufType });
    await list('compressed list', '', { gzip: true });
    await list('list by label', '?labelSelector=track%3Da');
    await list('list by field', '?fieldSelector=spec.nodeName%3Dnone');
    await list('page of 500', '?limit=500');
    await getsBeside(this.server, this.store, {
      what: `gets beside lists of ${this.count} pods`,
      list: { method: 'GET', path: podsPath },
      get: { method: 'GET', path: this.pathOf(0) },
      lists: listsOfEach,
    });
  }

  private async memory(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, restMs));
    const residentMegabytes = this.server.residentMegabytes();
    const before = this.looked;
    // A server grows by its first requests too, whatever they are about: pods are counted from the first look on.
    const kilobytesPerFurtherPod =
      before && +(((residentMegabytes - before.megabytes) * 1024) / (this.count - before.pods)).toFixed(1);
    this.looked ??= { pods: this.count, megabytes: residentMegabytes };
    print({ store: this.store, what: 'memory', pods: this.count, residentMegabytes, kilobytesPerFurtherPod });
  }

  private async create(
    what: string,
    total: number,
    more: { width: number; perSecond?: number; secondsMax?: number },
  ): Promise<void> {
    const from = this.count;
    const call = (index: number) => ({ method: 'POST', path: podsPath, body: podText(this.nameOf(from + index)) });
    this.count += await run(this.server, this.store, { what, total, call, ...more });
  }

  private async load(what: string, total: number, width: number, call: (i: number) => Call): Promise<void> {
    await run(this.server, this.store, { what, total, width, call });
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

type Part = 'requests' | 'growth';

/** Each part has a server and a store of its own. */
async function benchmark(part: Part, { directory, store, sizes }: { directory: string; store: string; sizes: Sizes }) {
  const home = join(directory, `${store}-${part}`);
  const etcd = store === 'etcd' ? await startEtcd({ directory: `${home}-etcd` }) : undefined;
  try {
    const server = await ApiProcess.start(home, etcd);
    try {
      await new Benchmark(server, store, sizes)[part]();
    } finally {
      await server.stop();
    }
  } finally {
    await etcd?.dispose();
  }
}

async function main(): Promise<void> {
  const options = {
    store: { type: 'string' },
    part: { type: 'string' },
    quick: { type: 'boolean', default: false },
  } as const;
  const { values } = parseArgs({ options });
  const sizes = values.quick ? quick : full;
  const directory = mkdtempSync(join(process.cwd(), '.bench-'));
  try {
    for (const store of values.store === undefined ? ['embedded', 'etcd'] : [values.store]) {
      for (const part of ['requests', 'growth'] as const) {
        if (values.part === undefined || values.part === part) await benchmark(part, { directory, store, sizes });
      }
    }
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

await main();
