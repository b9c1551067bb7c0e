import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { join } from 'node:path';
import { parse } from 'yaml';

interface Kubeconfig {
  clusters: Array<{ cluster: { server: string; 'certificate-authority-data': string } }>;
  users: Array<{ user: { 'client-certificate-data': string; 'client-key-data': string } }>;
}

/** A plain HTTPS client of one cluster, as any program outside would be. */
export class Api {
  private readonly agent: Agent;
  private readonly server: URL;

  constructor(home: string) {
    const config = parse(readFileSync(join(home, 'kubeconfig'), 'utf8')) as Kubeconfig;
    const cluster = config.clusters[0]?.cluster;
    const user = config.users[0]?.user;
    if (!cluster || !user) throw new Error(`${home}/kubeconfig names no cluster`);
    const pem = (data: string) => Buffer.from(data, 'base64');
    this.server = new URL(cluster.server);
    this.agent = new Agent({
      keepAlive: true,
      maxSockets: 64,
      ca: pem(cluster['certificate-authority-data']),
      cert: pem(user['client-certificate-data']),
      key: pem(user['client-key-data']),
    });
  }

  /** The parsed answer. @throws Error for a code of 400 or more. */
  send<T>(method: string, path: string, body?: unknown): Promise<T> {
    return new Promise((resolve, reject) => {
      const sent = request(this.options(method, path), (answer) => {
        const parts: Buffer[] = [];
        answer.on('data', (part) => parts.push(part));
        answer.on('end', () => {
          const text = Buffer.concat(parts).toString();
          if ((answer.statusCode ?? 500) >= 400) reject(new Error(`${method} ${path}: ${answer.statusCode} ${text}`));
          else resolve(JSON.parse(text) as T);
        });
      });
      sent.on('error', reject);
      sent.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }

  /** Calls back for each event of a watch until the returned function is called. */
  watch<T>(path: string, onEvent: (type: string, object: T) => void): () => void {
    let rest = '';
    const sent = request(this.options('GET', path), (answer) => {
      answer.setEncoding('utf8');
      answer.on('data', (part: string) => {
        const lines = (rest + part).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) {
          const event = JSON.parse(line) as { type: string; object: T };
          onEvent(event.type, event.object);
        }
      });
    });
    sent.on('error', () => {});
    sent.end();
    return () => sent.destroy();
  }

  close(): void {
    this.agent.destroy();
  }

  private options(method: string, path: string) {
    return {
      agent: this.agent,
      host: this.server.hostname,
      port: this.server.port,
      method,
      path,
      headers: { 'content-type': 'application/json' },
    };
  }
}
