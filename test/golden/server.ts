import { mkdtemp, rm } from 'node:fs/promises';
import { Agent, request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { apiServerPki } from '../../apps/apiserver/options.ts';
import { startApiServer } from '../../apps/apiserver/start.ts';
import { systemClock } from '../../libs/base/clock.ts';
import { ensureClusterPki } from '../../libs/pki/cluster.ts';
import type { KeyPair } from '../../libs/pki/issue.ts';
import { openEmbeddedStore } from '../../libs/store-embedded/embedded-store.ts';
import type { Seen } from './cases.ts';
import type { Send } from './replay.ts';

export interface GoldenServer {
  readonly send: Send;
  stop(): Promise<void>;
}

/** An API server without controllers, on a store of its own. */
export async function startGoldenServer(): Promise<GoldenServer> {
  const directory = await mkdtemp(join(tmpdir(), 'berth-golden-'));
  const pki = await ensureClusterPki(join(directory, 'pki'), { names: [], ips: [] }, systemClock);
  const store = openEmbeddedStore({ path: join(directory, 'store'), clock: systemClock });
  const server = await startApiServer({
    store,
    host: '127.0.0.1',
    port: 0,
    pki: apiServerPki(pki),
  });
  const { send, close } = sender(server.port, pki.ca.certificate, pki.admin);
  const stop = async () => {
    close();
    await server.stop();
    await store.close();
    await rm(directory, { recursive: true, force: true });
  };
  return { send, stop };
}

function sender(port: number, ca: string, client: KeyPair): { send: Send; close(): void } {
  const agent = new Agent({ keepAlive: true, ca, cert: client.certificate, key: client.key });
  const send: Send = ({ method = 'GET', path, type, accept = 'application/json', body }) =>
    new Promise<Seen>((resolve, reject) => {
      const text = typeof body === 'string' || body === undefined ? body : JSON.stringify(body);
      const headers: Record<string, string> = { accept };
      if (text !== undefined) {
        headers['content-type'] = type ?? 'application/json';
        headers['content-length'] = String(Buffer.byteLength(text));
      }
      const asking = request({ agent, host: '127.0.0.1', port, method, path, headers }, (answer) => {
        const parts: Buffer[] = [];
        answer.on('data', (part: Buffer) => parts.push(part)).on('error', reject);
        answer.on('end', () => {
          const warned = answer.headers.warning ? { warning: '<text>' } : {};
          resolve({ code: answer.statusCode ?? 0, ...warned, body: parsed(Buffer.concat(parts).toString('utf8')) });
        });
      });
      asking.on('error', reject);
      asking.end(text);
    });
  return { send, close: () => agent.destroy() };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
