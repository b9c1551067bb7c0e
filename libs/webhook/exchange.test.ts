import { Agent, createServer, request as httpRequest, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { FakeClock } from '../../test/support/fake-clock.ts';
import { AnswerError, exchange, parsedOrNothing, StaleConnectionError } from './exchange.ts';

const timeoutMs = 1_000;
const answerBytesMax = 8;

let server: Server;
let answer: RequestListener;
let clock: FakeClock;

beforeEach(async () => {
  clock = new FakeClock();
  server = createServer((request, response) => answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

function send({ body, agent }: { body?: Buffer; agent?: Agent } = {}) {
  const { port } = server.address() as AddressInfo;
  const request = httpRequest({ host: '127.0.0.1', port, method: 'POST', path: '/', agent });
  return exchange(request, { clock, timeoutMs, answerBytesMax, body });
}

describe('an exchange with another server', () => {
  it('sends the body and reads status and text', async () => {
    answer = (request, response) => {
      response.statusCode = 201;
      request.pipe(response);
    };
    await expect(send({ body: Buffer.from('äh') })).resolves.toEqual({ status: 201, text: 'äh' });
    expect(clock.timers).toBe(0);
  });

  it.each<[string, RequestListener, boolean, string]>([
    ['a long answer', (_, response) => void response.end('123456789'), true, 'larger than 8 bytes'],
    ['a connection that breaks', (request) => void request.socket.destroy(), false, 'socket hang up'],
    [
      'an answer that breaks off',
      (request, response) => void response.write('1', () => request.socket.destroy()),
      false,
      'aborted',
    ],
  ])('fails with %s', async (_, listener, answered, message) => {
    answer = listener;
    const failure = await send().catch((error: unknown) => error);
    expect(failure instanceof AnswerError).toBe(answered);
    expect(failure).not.toBeInstanceOf(StaleConnectionError);
    expect(String(failure)).toContain(message);
    expect(clock.timers).toBe(0);
  });

  it.each<[string, RequestListener]>([
    ['no answer', () => {}],
    ['half an answer', (_, response) => void response.write('1')],
  ])('ends when the time is over with %s, and with it the connection', async (_, listener) => {
    let closed!: () => void;
    const hungUp = new Promise<void>((resolve) => (closed = resolve));
    const asked = new Promise<void>((resolve) => {
      answer = (request, response) => {
        request.socket.once('close', closed);
        listener(request, response);
        resolve();
      };
    });
    const failure = send().catch((error: Error) => error.message);
    await asked;
    await clock.advance(timeoutMs);
    await expect(failure).resolves.toBe('context deadline exceeded');
    await hungUp;
  });

  it('tells a kept connection that was closed meanwhile from one that breaks', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    answer = (_, response) => void response.end('1');
    await send({ agent });
    answer = (request) => void request.socket.destroy();
    await expect(send({ agent })).rejects.toBeInstanceOf(StaleConnectionError);
    agent.destroy();
  });

  it('does not take a kept connection that breaks within the answer for one that was closed', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    answer = (_, response) => void response.end('1');
    await send({ agent });
    let asked = 0;
    answer = (request, response) => {
      asked++;
      response.write('1', () => request.socket.destroy());
    };
    const failure = await send({ agent }).catch((error: unknown) => error);
    expect(failure).not.toBeInstanceOf(StaleConnectionError);
    expect([String(failure), asked]).toEqual(['Error: aborted', 1]);
    agent.destroy();
  });
});

it.each([
  ['{"a":1}', { a: 1 }],
  ['null', null],
  ['', undefined],
  ['<html>', undefined],
])('reads %j as JSON, or as nothing', (text, value) => expect(parsedOrNothing(text)).toEqual(value));
