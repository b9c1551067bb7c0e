import { mkdtempSync, rmSync } from 'node:fs';
import type { OutgoingHttpHeaders } from 'node:http';
import { type ClientHttp2Session, connect } from 'node:http2';
import { Agent, type RequestOptions, request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ApiServer, ApiServerOptions } from '../../apps/apiserver/options.ts';
import { apiServerPki } from '../../apps/apiserver/options.ts';
import { startApiServer } from '../../apps/apiserver/start.ts';
import { systemClock } from '../../libs/base/clock.ts';
import { ensureClusterPki } from '../../libs/pki/cluster.ts';
import { openEmbeddedStore } from '../../libs/store-embedded/embedded-store.ts';

export interface RawAnswer {
  readonly code: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: Buffer;
}

/** An API server on a store of its own, and its administrator. */
export interface ScratchApiServer {
  readonly server: ApiServer;
  send(path: string, options?: RequestOptions & { body?: string | Buffer }): Promise<RawAnswer>;
  /** What its administrator proves itself by, and the server to it. PEM. */
  readonly credentials: { readonly ca: string; readonly cert: string; readonly key: string };
  /** The authority of the certificate that aggregated servers are shown. PEM. */
  readonly frontCa: string;
  /** A connection that speaks HTTP/2. */
  connect(): ClientHttp2Session;
  close(): Promise<void>;
}

export async function openScratchApiServer(
  more: Pick<ApiServerOptions, 'auditor' | 'staticTokens'> = {},
): Promise<ScratchApiServer> {
  const home = mkdtempSync(join(tmpdir(), 'api-'));
  const pki = await ensureClusterPki(join(home, 'pki'), { names: [], ips: [] }, systemClock);
  const store = openEmbeddedStore({ path: join(home, 'store') });
  const server = await startApiServer({
    ...more,
    store,
    port: 0,
    host: '127.0.0.1',
    pki: apiServerPki(pki),
  });
  const credentials = { ca: pki.ca.certificate, cert: pki.admin.certificate, key: pki.admin.key };
  const agent = new Agent({ keepAlive: true, ...credentials });
  return {
    server,
    credentials,
    frontCa: pki.frontCa.certificate,
    send: (path, options) => sendThrough(agent, `${server.url}${path}`, options),
    connect: () => connect(server.url, credentials),
    close: async () => {
      agent.destroy();
      await server.stop();
      await store.close();
      rmSync(home, { recursive: true });
    },
  };
}

function sendThrough(
  agent: Agent,
  url: string,
  { body, ...options }: RequestOptions & { body?: string | Buffer } = {},
): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const length = body === undefined ? {} : { 'content-length': Buffer.byteLength(body) };
    const headers = { ...(options.headers as OutgoingHttpHeaders | undefined), ...length };
    const call = request(url, { agent, ...options, headers }, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part) => parts.push(part));
      response.on('end', () =>
        resolve({ code: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(parts) }),
      );
    });
    call.on('error', reject);
    call.end(body);
  });
}
