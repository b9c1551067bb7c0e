import { Agent, request as httpsRequest } from 'node:https';
import type { Clock } from '../../libs/base/clock.ts';
import type { FuzzRequest, RequestMaker } from './requests.ts';

export interface FuzzTarget {
  readonly port: number;
  readonly ca: string;
  readonly certificate: string;
  readonly key: string;
}

/** A request that the server did not answer as it answers nonsense: with a code below 500. */
export interface Finding {
  readonly number: number;
  readonly request: FuzzRequest;
  readonly what: string;
}

export interface FuzzReport {
  readonly requests: number;
  /** How many answers there were of each code. */
  readonly codes: Readonly<Record<string, number>>;
  readonly slowestMs: number;
  /** Requests that took long, in the order in which they were sent: one may have held up the others. */
  readonly slow: readonly Finding[];
  readonly findings: readonly Finding[];
}

const hangMs = 15_000;
const slowMs = 3_000;
const findingsMax = 200;

/** Sends `count` requests, some at once, and tells what came of them. */
export async function fuzz(
  target: FuzzTarget,
  maker: RequestMaker,
  options: { count: number; concurrency: number; clock: Clock; progress?(done: number): void },
): Promise<FuzzReport> {
  const { count, concurrency, clock, progress } = options;
  const agent = new Agent({
    keepAlive: true,
    maxSockets: concurrency,
    ca: target.ca,
    cert: target.certificate,
    key: target.key,
  });
  const codes: Record<string, number> = {};
  const findings: Finding[] = [];
  const slow: Finding[] = [];
  let slowestMs = 0;
  let started = 0;
  const work = async () => {
    while (started < count && findings.length < findingsMax) {
      const number = started++;
      const request = maker.next();
      const startMs = clock.monotonic();
      const outcome = await send(target, agent, request, clock);
      const tookMs = clock.monotonic() - startMs;
      slowestMs = Math.max(slowestMs, tookMs);
      if (tookMs > slowMs) slow.push({ number, request, what: `${outcome.code} after ${Math.round(tookMs)} ms` });
      codes[outcome.code] = (codes[outcome.code] ?? 0) + 1;
      if (outcome.finding) findings.push({ number, request, what: outcome.finding });
      progress?.(started);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, work));
  agent.destroy();
  return { requests: started, codes, slowestMs, slow: slow.slice(0, findingsMax), findings };
}

interface Outcome {
  readonly code: string;
  readonly finding?: string;
}

const shownCharacters = 400;
/**
 * Answers from 500 on that are as they should be: Kubernetes, too, has no better code for configurations and patches that
 * do not fit their type, nodes that nobody runs have no session, and versions of the future have not come.
 */
const proper =
  /does not fit its type|strategic merge patch cannot be applied|has no session with this API server|Too large resource version/;

function send(
  target: FuzzTarget,
  agent: Agent,
  { method, path, headers, body }: FuzzRequest,
  clock: Clock,
): Promise<Outcome> {
  return new Promise((resolve) => {
    const done = (outcome: Outcome) => {
      timer.cancel();
      resolve(outcome);
    };
    const timer = clock.setTimer(hangMs, () => {
      call.destroy();
      done({ code: 'none', finding: `no answer within ${hangMs} ms` });
    });
    const length = body === undefined ? {} : { 'content-length': body.length };
    let call: ReturnType<typeof httpsRequest>;
    try {
      call = httpsRequest({
        agent,
        host: '127.0.0.1',
        port: target.port,
        method,
        path,
        headers: { ...headers, ...length },
      });
    } catch {
      // Node's client itself refuses to send such a thing.
      return done({ code: 'unsendable' });
    }
    call.once('error', (error: Error & { code?: string }) => {
      const quick = call.reusedSocket && error.code === 'ECONNRESET';
      done(quick ? { code: 'reset' } : { code: 'none', finding: `no answer: ${error.message}` });
    });
    call.once('upgrade', (_answer, socket) => {
      socket.destroy();
      done({ code: '101' });
    });
    call.once('response', (answer) => {
      const parts: Buffer[] = [];
      answer.on('data', (part: Buffer) => parts.push(part));
      answer.once('error', (error: Error) => done({ code: 'none', finding: `broken answer: ${error.message}` }));
      answer.once('end', () => {
        const code = answer.statusCode ?? 0;
        const text = Buffer.concat(parts).toString().slice(0, shownCharacters);
        done(
          code >= 500 && !proper.test(text)
            ? { code: String(code), finding: `${code}: ${text}` }
            : { code: String(code) },
        );
      });
    });
    call.end(body);
  });
}
