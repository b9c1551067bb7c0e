import { parseEtcdUrls } from './url.ts';

const read = (path: string) => Buffer.from(`content of ${path}`);

describe('parseEtcdUrls', () => {
  it.each([
    ['http://127.0.0.1:2379', { endpoints: ['http://127.0.0.1:2379'], keyPrefix: '' }],
    ['http://etcd', { endpoints: ['http://etcd:2379'], keyPrefix: '' }],
    ['http://a:1,http://b:2', { endpoints: ['http://a:1', 'http://b:2'], keyPrefix: '' }],
    ['http://a:1/one/cluster/', { endpoints: ['http://a:1'], keyPrefix: '/one/cluster' }],
    [
      'https://root:s%40crt@a:1/c?ca=ca.pem&cert=c.pem&key=k.pem',
      {
        endpoints: ['https://a:1'],
        keyPrefix: '/c',
        tls: { ca: read('ca.pem'), certificate: read('c.pem'), key: read('k.pem') },
        login: { user: 'root', password: 's@crt' },
      },
    ],
  ])('%s', (text, expected) => {
    expect(parseEtcdUrls(text, read)).toEqual(expected);
  });

  it.each(['', 'etcd:2379', 'ftp://a', 'http://', 'http://a:1,https://b:1'])('refuses "%s"', (text) => {
    expect(() => parseEtcdUrls(text, read)).toThrow(/etcd URL/);
  });
});
