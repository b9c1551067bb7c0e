import { Connection, openWatch } from './api-connection.ts';
import { podsPath, podText } from './api-load.ts';
import type { ApiProcess } from './api-process.ts';
import { print, quantile } from './measure.ts';

export interface FanOut {
  readonly watchers: number;
  readonly perSecond: number;
  readonly seconds: number;
}

const sentAt = /"sent":"([\d.]+)"/g;
/** A mark may be cut in two by the end of a part; this much of it is looked at again. */
const carriedLetters = 40;
const writers = 32;
const settleMs = 1_000;
const deliveryMsMax = 20_000;
const pollMs = 50;

const nowMs = () => performance.timeOrigin + performance.now();
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Counts events in the text of a watch and takes their age. */
function reader(lags: number[]): (text: string) => void {
  let carried = '';
  return (part) => {
    const text = carried + part;
    let end = 0;
    for (const match of text.matchAll(sentAt)) {
      lags.push(nowMs() - Number(match[1]));
      end = match.index + match[0].length;
    }
    carried = text.slice(Math.max(end, text.length - carriedLetters));
  };
}

/** Many watchers of the same objects, which are created at a fixed rate: what arrives, and how late. */
export async function fanOut(
  server: ApiProcess,
  store: string,
  { watchers, perSecond, seconds }: FanOut,
): Promise<void> {
  const lags: number[] = [];
  const first = await Connection.open(server.target);
  const { head } = await first.send({ method: 'GET', path: `${podsPath}?limit=1` });
  first.close();
  const version = /"resourceVersion":"(\d+)"/.exec(head)?.[1] ?? '0';
  const path = `${podsPath}?watch=1&resourceVersion=${version}&labelSelector=fan%3Dout`;
  const sockets = [];
  for (let index = 0; index < watchers; index++) sockets.push(await openWatch(server.target, path, reader(lags)));
  await pause(settleMs);
  const connections = await Promise.all(Array.from({ length: writers }, () => Connection.open(server.target)));
  const total = perSecond * seconds;
  const cpuBefore = server.cpuUs();
  const started = performance.now();
  let next = 0;
  const write = async (connection: Connection) => {
    while (next < total) {
      const index = next++;
      const waitMs = started + (index / perSecond) * 1000 - performance.now();
      if (waitMs > 0) await pause(waitMs);
      const metadata = { labels: { fan: 'out' }, annotations: { sent: nowMs().toFixed(3), about: 'x'.repeat(120) } };
      await connection.send({ method: 'POST', path: podsPath, body: podText(`fan-${store}-${index}`, metadata) });
    }
  };
  await Promise.all(connections.map(write));
  const writeSeconds = (performance.now() - started) / 1000;
  const deadline = performance.now() + deliveryMsMax;
  while (lags.length < total * watchers && performance.now() < deadline) await pause(pollMs);
  const tookSeconds = (performance.now() - started) / 1000;
  const serverCpuUs = (server.cpuUs() - cpuBefore) / lags.length;
  for (const socket of sockets) socket.destroy();
  for (const connection of connections) connection.close();
  print({
    store,
    what: 'watch fan-out',
    watchers,
    eventsPerSecond: +(total / writeSeconds).toFixed(1),
    expected: total * watchers,
    delivered: lags.length,
    deliveredPerSecond: Math.round(lags.length / tookSeconds),
    lagP50Ms: +quantile(lags, 0.5).toFixed(1),
    lagP99Ms: +quantile(lags, 0.99).toFixed(1),
    serverCpuUs: +serverCpuUs.toFixed(1),
    residentMegabytes: server.residentMegabytes(),
  });
}
