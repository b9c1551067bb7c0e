import { once } from 'node:events';
import { openScratchApiServer, type ScratchApiServer } from '../../test/support/api-server.ts';

/** As a script that is run in a container by one command. */
const pathOf = (letters: number) => `/version?command=${'x'.repeat(letters)}`;

describe('a request whose line is long', () => {
  let api: ScratchApiServer;

  beforeAll(async () => {
    api = await openScratchApiServer();
  });

  afterAll(() => api.close());

  it('is answered over HTTP/1.1', async () => {
    expect((await api.send(pathOf(500_000))).code).toBe(200);
  });

  // Headers of HTTP/2 are at most 64 kB each in nghttp2; commands travel over HTTP/1.1, by an upgrade.
  it('is answered over HTTP/2', async () => {
    const session = api.connect();
    const [headers] = await once(session.request({ ':path': pathOf(60_000) }), 'response');
    expect(headers[':status']).toBe(200);
    session.close();
  });
});
