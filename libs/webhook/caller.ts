import { request as httpsRequest, type RequestOptions } from 'node:https';
import type { Clock } from '../base/clock.ts';
import { type AgentPool, serviceHost } from './agents.ts';
import { AnswerError, exchange, parsedOrNothing, StaleConnectionError } from './exchange.ts';

/** Where a webhook answers, as configurations of admission and of conversion write it. */
export interface WebhookTarget {
  readonly url?: string;
  readonly service?: {
    readonly namespace: string;
    readonly name: string;
    readonly path?: string;
    readonly port?: number;
  };
  /** PEM in base64. */
  readonly caBundle?: string;
}

const httpsPort = 443;
/** The largest answer of a webhook that is read. */
const answerBytesMax = 16 * 1024 * 1024;
/** What of a refusal's body goes into the error's message. */
const shownBytesMax = 1024;

/** Posts reviews to webhooks and reads their answers. */
export class WebhookCaller {
  constructor(
    private readonly agents: AgentPool,
    private readonly clock: Clock,
  ) {}

  /**
   * The JSON that the webhook answers with. @throws Error in the words of Go's HTTP client, which is what people search
   * for.
   */
  async post(target: WebhookTarget, body: Buffer, timeoutMs: number): Promise<unknown> {
    const url = urlOf(target);
    url.searchParams.set('timeout', `${Math.ceil(timeoutMs / 1000)}s`);
    const options = { ...this.connectionOf(target), method: 'POST', path: `${url.pathname}${url.search}` };
    const headers = {
      host: url.host,
      'content-type': 'application/json',
      accept: 'application/json, */*',
      'user-agent': 'kube-apiserver-admission',
      'content-length': body.length,
    };
    const { clock } = this;
    const deadline = clock.monotonic() + timeoutMs;
    const send = () => {
      const request = httpsRequest({ ...options, headers });
      return exchange(request, { clock, timeoutMs: deadline - clock.monotonic(), answerBytesMax, body });
    };
    try {
      const { status, text } = await send().catch((error: unknown) => {
        if (error instanceof StaleConnectionError) return send();
        throw error;
      });
      return readAnswer(status, text);
    } catch (error) {
      if (error instanceof AnswerError) throw error;
      throw new Error(`Post "${shownUrl(url)}": ${reasonOf(error)}`, { cause: error });
    }
  }

  private connectionOf(target: WebhookTarget): RequestOptions {
    const ca = target.caBundle ? Buffer.from(target.caBundle, 'base64').toString() : undefined;
    const { service } = target;
    if (service) {
      const at = { namespace: service.namespace, name: service.name, port: service.port ?? httpsPort };
      return { agent: this.agents.forService(at, { ca }), host: serviceHost(service), port: at.port };
    }
    const { hostname, port } = urlOf(target);
    return { agent: this.agents.forUrl({ ca }), host: hostname, port: port || httpsPort };
  }
}

function readAnswer(status: number, text: string): unknown {
  if (status < 200 || status > 299) {
    const known = parsedOrNothing(text) as { message?: string } | undefined;
    if (typeof known?.message === 'string') throw new AnswerError(known.message);
    throw new AnswerError(
      `an error on the server (${JSON.stringify(text.slice(0, shownBytesMax))}) has prevented the request from succeeding`,
    );
  }
  const value = parsedOrNothing(text);
  if (typeof value === 'object' && value !== null) return value;
  throw new AnswerError(`the answer is no JSON object: ${JSON.stringify(text.slice(0, shownBytesMax))}`);
}

function urlOf({ url, service }: WebhookTarget): URL {
  if (url !== undefined) return new URL(url);
  const { path = '/', port = httpsPort } = service ?? {};
  const at = service ? serviceHost(service) : '';
  return new URL(`https://${at}:${port}${path.startsWith('/') ? path : `/${path}`}`);
}

/** A Service's port is always named, as upstream does. */
function shownUrl(url: URL): string {
  const port = url.hostname.endsWith('.svc') ? url.port || String(httpsPort) : url.port;
  return `https://${url.hostname}${port ? `:${port}` : ''}${url.pathname}${url.search}`;
}

function reasonOf(error: unknown): string {
  const { code, message = String(error) } = (error ?? {}) as Partial<NodeJS.ErrnoException>;
  if (code === 'ECONNREFUSED') return 'connect: connection refused';
  if (/certificate/i.test(message)) return `tls: failed to verify certificate: x509: ${message}`;
  return message || String(code);
}
