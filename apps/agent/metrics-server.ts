import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface MetricsServerOptions {
  /** `host:port` */
  address: string;
  metricsText: () => Promise<string>;
  healthy: () => boolean;
}

/** Answers `/metrics` and `/healthz` on an address of the node's own. */
export async function startMetricsServer(options: MetricsServerOptions) {
  const server = createServer((request, response) => {
    const answer = (status: number, body: string) => {
      response.writeHead(status, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' });
      response.end(body);
    };
    if (request.url === '/healthz') answer(options.healthy() ? 200 : 503, options.healthy() ? 'ok' : 'no session');
    else if (request.url === '/metrics') {
      options.metricsText().then(
        (text) => answer(200, text),
        (error: unknown) => answer(500, String(error)),
      );
    } else answer(404, 'not found');
  });
  const colon = options.address.lastIndexOf(':');
  const host = options.address.slice(0, colon).replace(/^\[|\]$/g, '');
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(Number(options.address.slice(colon + 1)), host || undefined, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
