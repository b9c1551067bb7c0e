import { parseRequest } from './request-info.ts';

const cases: Array<[string, string, Record<string, string>]> = [
  ['GET', '/api/v1/pods', { verb: 'list', plural: 'pods', group: '', version: 'v1' }],
  ['GET', '/api/v1/pods?watch=true', { verb: 'watch', plural: 'pods', group: '', version: 'v1' }],
  ['POST', '/api/v1/namespaces/a/pods', { verb: 'create', namespace: 'a', plural: 'pods', group: '', version: 'v1' }],
  [
    'GET',
    '/api/v1/namespaces/a%2Fb/pods/x/log',
    { verb: 'get', namespace: 'a/b', plural: 'pods', name: 'x', subresource: 'log', group: '', version: 'v1' },
  ],
  [
    'PUT',
    '/api/v1/namespaces/a',
    { verb: 'update', namespace: 'a', plural: 'namespaces', name: 'a', group: '', version: 'v1' },
  ],
  [
    'PUT',
    '/api/v1/namespaces/a/status',
    {
      verb: 'update',
      namespace: 'a',
      plural: 'namespaces',
      name: 'a',
      subresource: 'status',
      group: '',
      version: 'v1',
    },
  ],
  [
    'GET',
    '/api/v1/namespaces/a/',
    { verb: 'get', namespace: 'a', plural: 'namespaces', name: 'a', group: '', version: 'v1' },
  ],
  ['GET', '/apis/apps/v1/watch/deployments', { verb: 'watch', plural: 'deployments', group: 'apps', version: 'v1' }],
  [
    'DELETE',
    '/apis/apps/v1/deployments',
    { verb: 'deletecollection', plural: 'deployments', group: 'apps', version: 'v1' },
  ],
];

describe('a request line', () => {
  it.each(cases)('%s %s', (method, url, { verb, ...expected }) => {
    const info = parseRequest(method, url);
    const given = Object.entries(info.resource ?? {}).filter(([, value]) => value !== undefined);
    expect({ verb: info.verb, resource: Object.fromEntries(given) }).toEqual({ verb, resource: expected });
  });

  it('tells what follows the subresource', () => {
    expect(parseRequest('GET', '/api/v1/namespaces/a/pods/x/proxy/b/c%20d/').rest).toBe('b/c d/');
    expect(parseRequest('GET', '/api/v1/nodes/x/proxy').rest).toBe('');
  });

  it.each(['/api', '/api/v1', '/apis/apps/v1/', '/healthz'])('names no resource: %s', (url) => {
    const { resource, verb } = parseRequest('GET', url);
    expect({ resource, verb }).toEqual({ resource: undefined, verb: 'get' });
  });

  it('is refused when it is malformed', () => {
    expect(() => parseRequest('GET', '/api/v1/pods/%')).toThrow(URIError);
  });
});
