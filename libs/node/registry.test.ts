import type { V1Secret } from '../api/gen/types.ts';
import { credentialsFor, normalizeImage } from './registry.ts';

const digest = `sha256:${'a'.repeat(64)}`;

describe('normalizeImage', () => {
  it.each([
    ['nginx', 'docker.io/library/nginx:latest'],
    ['ubuntu:14.04', 'docker.io/library/ubuntu:14.04'],
    ['team/app', 'docker.io/team/app:latest'],
    ['localhost/app:1', 'localhost/app:1'],
    ['host:5000/x', 'host:5000/x:latest'],
    [`host:5000/x@${digest}`, `host:5000/x@${digest}`],
    [`host:5000/x:1@${digest}`, `host:5000/x@${digest}`],
    ['registry.k8s.io/e2e-test-images/agnhost:2.53', 'registry.k8s.io/e2e-test-images/agnhost:2.53'],
    [digest, digest],
    ['', undefined],
    ['Upper/Case', undefined],
    ['a b', undefined],
    ['host/x:', undefined],
  ])('%s is %s', (image, full) => expect(normalizeImage(image)).toBe(full));
});

function secret(auths: Record<string, unknown>): V1Secret {
  return { data: { '.dockerconfigjson': Buffer.from(JSON.stringify({ auths })).toString('base64') } };
}

const login = (text: string) => ({ auth: Buffer.from(text).toString('base64') });

describe('credentialsFor', () => {
  it.each([
    ['a registry', 'host:5000/x:1', { 'host:5000': login('u:p:w') }, [['u', 'p:w']]],
    ['a URL', 'docker.io/library/nginx:1', { 'https://index.docker.io/v1/': login('u:p') }, [['u', 'p']]],
    ['a wildcard', 'eu.example.com/x:1', { '*.example.com': login('u:p') }, [['u', 'p']]],
    ['another registry', 'host/x:1', { other: login('u:p') }, []],
    [
      'the longest path first',
      'host.io/a/b:1',
      { 'host.io': login('u:1'), 'host.io/a': login('v:2') },
      [
        ['v', '2'],
        ['u', '1'],
      ],
    ],
    ['name and password apart', 'host.io/a:1', { 'host.io': { username: 'n', password: 'q' } }, [['n', 'q']]],
  ])('%s', (_, image, auths, expected) => {
    expect(credentialsFor(image, [secret(auths)]).map(({ username, password }) => [username, password])).toEqual(
      expected,
    );
  });

  it('gets nothing from a secret that cannot be read', () => {
    expect(credentialsFor('host.io/a:1', [{ data: { '.dockerconfigjson': 'bm90IGpzb24=' } }])).toEqual([]);
  });
});
