import { openScratchApiServer, type ScratchApiServer } from '../../test/support/api-server.ts';

describe('methods and paths', () => {
  let api: ScratchApiServer;

  beforeAll(async () => {
    api = await openScratchApiServer();
  });

  afterAll(() => api.close());

  const pod = '/api/v1/namespaces/default/pods/x';
  const cases: Array<[string, string, number]> = [
    ['HEAD', '/api', 405],
    ['HEAD', '/api/v1', 405],
    ['HEAD', '/version', 405],
    ['HEAD', '/api/v1/namespaces', 405],
    ['HEAD', '/api/v1/namespaces/default', 405],
    ['PUT', '/apis', 200],
    ['POST', '/apis/apps', 200],
    ['POST', '/', 200],
    ['PUT', '/apis/apps/v1', 405],
    ['POST', '/livez', 200],
    ['GET', '/version/more', 404],
    ['PUT', `${pod}/log`, 405],
    ['GET', '/api/v1/namespaces/default//pods', 404],
    ['GET', '/apis/apps/v1/namespaces/default/deployments/x/scale/y', 404],
    ['DELETE', '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews/x', 404],
    ['DELETE', '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', 405],
    ['POST', '/api/v1/componentstatuses', 405],
  ];
  it.each(cases)('%s %s', async (method, path, code) => {
    expect((await api.send(path, { method })).code).toBe(code);
  });
});
