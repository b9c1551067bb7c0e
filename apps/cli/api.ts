import { readFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { Agent, request } from 'node:https';
import { type Clock, sleep } from '../../libs/base/clock.ts';
import { CliError } from './command.ts';

export interface ApiAnswer {
  code: number;
  body: Record<string, unknown> & { message?: string };
}

/** Media types other than JSON. */
export interface MediaTypes {
  body?: string;
  accept?: string;
}

const requestTimeoutMs = 15_000;
const pollMs = 100;

/** Speaks to the cluster's API as the administrator whom its kubeconfig names. */
export class Api {
  /** Hears what the server warns of, each text once. */
  onWarning: ((text: string) => void) | undefined;
  private readonly warned = new Set<string>();

  private constructor(
    readonly url: string,
    private readonly agent: Agent,
    /** What proves who asks and who answers, for connections of other kinds. */
    readonly tls: { ca: Buffer; cert: Buffer; key: Buffer },
  ) {}

  static async from(kubeconfig: string): Promise<Api> {
    const text = await readFile(kubeconfig, 'utf8');
    // The file is Berth's own, one cluster and one user in it: no need to load a YAML reader for four lines.
    const field = (name: string) => {
      const value = new RegExp(`^\\s*${name}: "?([^"\\s]+)"?$`, 'm').exec(text)?.[1];
      if (value === undefined) throw new CliError(`${kubeconfig} has no ${name}`);
      return value;
    };
    const pem = (name: string) => Buffer.from(field(name), 'base64');
    const tls = {
      ca: pem('certificate-authority-data'),
      cert: pem('client-certificate-data'),
      key: pem('client-key-data'),
    };
    return new Api(field('server'), new Agent({ keepAlive: true, ...tls }), tls);
  }

  close(): void {
    this.agent.destroy();
  }

  /** One request; answers with any code. Rejects only when there is no answer. */
  send(method: string, path: string, body?: unknown, types: MediaTypes = {}): Promise<ApiAnswer> {
    return new Promise((resolve, reject) => {
      const headers = {
        ...(body === undefined ? {} : { 'content-type': types.body ?? 'application/json' }),
        ...(types.accept === undefined ? {} : { accept: types.accept }),
      };
      const options = { method, agent: this.agent, headers, timeout: requestTimeoutMs };
      const outgoing = request(new URL(path, this.url), options, (incoming) => {
        const chunks: Buffer[] = [];
        this.hear(warningsIn(incoming.headersDistinct.warning));
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
        incoming.on('error', reject);
        incoming.on('end', () => resolve({ code: incoming.statusCode ?? 0, body: readBody(Buffer.concat(chunks)) }));
      });
      outgoing.on('timeout', () => outgoing.destroy(new Error(`no answer from ${this.url}${path}`)));
      outgoing.on('error', reject);
      outgoing.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }

  private hear(warnings: readonly string[]): void {
    for (const text of warnings) {
      if (this.warned.has(text)) continue;
      this.warned.add(text);
      this.onWarning?.(text);
    }
  }

  /** Hands on the answer as it comes, however long it takes. @throws CliError when it is refused */
  async stream(path: string, accept: string, onPart: (part: Buffer) => void): Promise<void> {
    const url = new URL(path, this.url);
    const incoming = await new Promise<IncomingMessage>((resolve, reject) => {
      request(url, { agent: this.agent, headers: { accept } }, resolve).on('error', reject).end();
    });
    const refused: Buffer[] = [];
    const ok = (incoming.statusCode ?? 0) < 300;
    for await (const part of incoming as AsyncIterable<Buffer>) ok ? onPart(part) : refused.push(part);
    if (!ok) throw new CliError(readBody(Buffer.concat(refused)).message ?? `${path}: ${incoming.statusCode}`);
  }

  /** A request that has to succeed. @throws CliError with the server's message */
  async ask(method: string, path: string, body?: unknown): Promise<ApiAnswer['body']> {
    const answer = await this.send(method, path, body);
    if (answer.code >= 300) throw new CliError(`${method} ${path}: ${answer.body.message ?? answer.code}`);
    return answer.body;
  }
}

/** The texts of Warning headers, such as `299 - "text"`. Source: RFC 7234, section 5.5. */
export function warningsIn(headers: readonly string[] | undefined): string[] {
  return (headers ?? []).flatMap((header) => {
    const quoted = /^\d{3} \S+ "((?:[^"\\]|\\.)*)"/.exec(header)?.[1];
    return quoted === undefined ? [] : [quoted.replace(/\\(.)/g, '$1')];
  });
}

function readBody(bytes: Buffer): ApiAnswer['body'] {
  const text = bytes.toString('utf8');
  try {
    return JSON.parse(text) as ApiAnswer['body'];
  } catch {
    return { message: text.trim() };
  }
}

/** Asks again and again until the answer is not undefined. @throws CliError after `timeoutMs`, with what it waited for. */
export async function until<T>(
  clock: Clock,
  wait: { forWhat: string; timeoutMs: number; signal?: AbortSignal },
  ask: () => Promise<T | undefined>,
): Promise<T> {
  const deadline = clock.monotonic() + wait.timeoutMs;
  while (true) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (clock.monotonic() > deadline) throw new CliError(`waited ${wait.timeoutMs / 1000} s for ${wait.forWhat}`);
    await sleep(clock, pollMs, wait.signal);
  }
}
