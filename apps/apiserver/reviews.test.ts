import { openScratchApiServer, type ScratchApiServer } from '../../test/support/api-server.ts';

const issuer = 'https://kubernetes.default.svc.cluster.local';

describe('reviews of tokens that name no audience', () => {
  let api: ScratchApiServer;
  beforeAll(async () => {
    api = await openScratchApiServer({ staticTokens: 'secret,jane,7,"devs"' });
  });
  afterAll(() => api.close());

  const cases = [
    { name: 'asked for no audience', spec: { token: 'secret' }, audiences: [issuer] },
    { name: 'asked for this server', spec: { token: 'secret', audiences: ['vault', issuer] }, audiences: [issuer] },
    { name: 'asked for another', spec: { token: 'secret', audiences: ['vault'] }, audiences: undefined },
    { name: 'unknown', spec: { token: 'other' }, audiences: undefined },
  ];
  it.each(cases)('answers one $name', async ({ spec, audiences }) => {
    const answer = await api.send('/apis/authentication.k8s.io/v1/tokenreviews', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', spec }),
    });
    expect(answer.code).toBe(201);
    const { status } = JSON.parse(answer.body.toString());
    if (audiences)
      expect(status).toMatchObject({ authenticated: true, audiences, user: { username: 'jane', uid: '7' } });
    else expect(status).toEqual({ user: {}, error: 'invalid bearer token' });
  });
});
