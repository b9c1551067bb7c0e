import { connect } from 'node:tls';
import { type ClientOptions, WebSocket } from 'ws';
import { openScratchApiServer, type ScratchApiServer } from '../../test/support/api-server.ts';

interface WatchMessage {
  type: string;
  object: { metadata: { name: string }; code?: number };
}

describe('a watch over WebSocket', () => {
  let scratch: ScratchApiServer;
  const path = '/api/v1/namespaces/default/configmaps';

  beforeAll(async () => {
    scratch = await openScratchApiServer({ staticTokens: 'secret,jane,1,"system:masters"' });
  });

  afterAll(() => scratch.close());

  const make = async (name: string): Promise<string> => {
    const body = JSON.stringify({ metadata: { name } });
    const made = await scratch.send(path, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
    return JSON.parse(made.body.toString()).metadata.resourceVersion;
  };
  const open = (query: string, protocols: string[] = [], options: ClientOptions = scratch.credentials) => {
    const { ca } = scratch.credentials;
    const address = `${scratch.server.url.replace('https', 'wss')}${path}?watch=true&${query}`;
    return new WebSocket(address, protocols, { ca, ...options });
  };
  const messages = (socket: WebSocket, count: number): Promise<Buffer[]> =>
    new Promise((resolve, reject) => {
      const got: Buffer[] = [];
      socket.on('message', (data) => got.push(data as Buffer) === count && resolve(got));
      socket.on('error', reject);
      socket.on('close', () => reject(new Error(`closed after ${got.length} messages`)));
    });
  const refusal = (socket: WebSocket): Promise<number | undefined> =>
    new Promise((resolve, reject) => {
      socket.on('unexpected-response', (_, answer) => resolve(answer.statusCode));
      socket.on('open', () => reject(new Error('it was accepted')));
    });
  const read = (message: Buffer) => JSON.parse(message.toString()) as WatchMessage;

  it('is a message for each event, from the version asked for, and ends in time', async () => {
    const version = await make('first');
    const socket = open(`resourceVersion=${version}&timeoutSeconds=1`);
    const two = messages(socket, 2);
    const ended = new Promise((resolve) => socket.once('close', resolve));
    await make('second');
    await make('third');
    expect((await two).map(read)).toMatchObject([
      { type: 'ADDED', object: { metadata: { name: 'second' } } },
      { type: 'ADDED', object: { metadata: { name: 'third' } } },
    ]);
    expect(await ended).toBe(1000);
  });

  it('begins with what there is, and in protobuf with its magic', async () => {
    await make('there');
    const accept = 'application/vnd.kubernetes.protobuf;stream=watch';
    const socket = open('fieldSelector=metadata.name=there', [], { ...scratch.credentials, headers: { accept } });
    const [frame] = await messages(socket, 1);
    expect(frame!.includes('k8s\0')).toBe(true);
    socket.terminate();
  });

  it('tells what is wrong before it begins', async () => {
    expect(await refusal(open('', [], {}))).toBe(401);
    expect(await refusal(open('labelSelector=,,'))).toBe(400);
  });

  it('takes the token of browsers, and the protocol beside it', async () => {
    const token = `base64url.bearer.authorization.k8s.io.${Buffer.from('secret').toString('base64url')}`;
    const socket = open('', [token, 'base64.binary.k8s.io'], {});
    await messages(socket, 1);
    expect(socket.protocol).toBe('base64.binary.k8s.io');
    socket.terminate();
    const wrong = `base64url.bearer.authorization.k8s.io.${Buffer.from('other').toString('base64url')}`;
    expect(await refusal(open('', [wrong, 'base64.binary.k8s.io'], {}))).toBe(401);
  });

  it('holds no stopping server up, even when its client says no word', async () => {
    const other = await openScratchApiServer();
    const { ca, cert, key } = other.credentials;
    const head =
      'GET /api/v1/namespaces?watch=true HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n' +
      `sec-websocket-version: 13\r\nsec-websocket-key: ${Buffer.alloc(16).toString('base64')}\r\n\r\n`;
    const mute = connect(other.server.port, '127.0.0.1', { ca, cert, key });
    mute.on('error', () => {}).write(head);
    const answer = await new Promise<Buffer>((resolve) => mute.once('data', resolve));
    expect(answer.toString('latin1')).toMatch(/^HTTP\/1\.1 101 /);
    mute.pause();
    await other.close();
    mute.destroy();
  }, 20_000);
});
