import { type Call, Connection } from './api-connection.ts';
import type { ApiProcess } from './api-process.ts';
import { print, quantile } from './measure.ts';

interface Lists {
  readonly what: string;
  readonly total: number;
  call(index: number): Call;
}

/** One request after the other on one connection: lists, which are measured by their time and the peak of memory. */
export async function runLists(server: ApiProcess, store: string, load: Lists): Promise<void> {
  const connection = await Connection.open(server.target);
  const took: number[] = [];
  let bytes = 0;
  const before = server.residentMegabytes();
  server.resetPeak();
  const cpuBefore = server.cpuUs();
  for (let index = 0; index < load.total; index++) {
    const from = performance.now();
    const answer = await connection.send(load.call(index));
    if (answer.code !== 200) throw new Error(`${load.what}: ${answer.code} ${answer.head}`);
    took.push(performance.now() - from);
    bytes = answer.bytes;
  }
  connection.close();
  print({
    store,
    what: load.what,
    p50Ms: +quantile(took, 0.5).toFixed(1),
    maxMs: +Math.max(...took).toFixed(1),
    megabytes: +(bytes / 1e6).toFixed(1),
    serverCpuMs: Math.round((server.cpuUs() - cpuBefore) / load.total / 1000),
    residentMegabytes: before,
    peakMegabytes: server.peakMegabytes(),
  });
}

interface Beside {
  readonly what: string;
  readonly list: Call;
  readonly get: Call;
  readonly lists: number;
}

/** Gets on one connection while another one lists: how long each of them waits. */
export async function getsBeside(server: ApiProcess, store: string, beside: Beside): Promise<void> {
  const lister = await Connection.open(server.target);
  const getter = await Connection.open(server.target);
  const took: number[] = [];
  let listing = true;
  const gets = async () => {
    while (listing) {
      const from = performance.now();
      await getter.send(beside.get);
      took.push(performance.now() - from);
    }
  };
  const getting = gets();
  for (let index = 0; index < beside.lists; index++) await lister.send(beside.list);
  listing = false;
  await getting;
  lister.close();
  getter.close();
  const [p50Ms, p99Ms, maxMs] = [0.5, 0.99, 1].map((share) => +quantile(took, share).toFixed(1));
  print({ store, what: beside.what, total: took.length, p50Ms, p99Ms, maxMs });
}
