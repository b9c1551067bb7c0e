import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { readKubeconfig } from './kubeconfig.ts';

const server = 'https://127.0.0.1:6443';
const inline = (text: string) => Buffer.from(text).toString('base64');

function configOf({ cluster, user, current = 'here' }: { cluster?: object; user?: object; current?: string }): object {
  return {
    'current-context': current,
    contexts: [
      { name: 'there', context: { cluster: 'other', user: 'other' } },
      { name: 'here', context: { cluster: 'c', user: 'u' } },
    ],
    clusters: cluster ? [{ name: 'c', cluster }] : [],
    users: user ? [{ name: 'u', user }] : [],
  };
}

describe('a kubeconfig', () => {
  let home: string;
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'kubeconfig-'));
    for (const name of ['ca', 'crt', 'key']) writeFileSync(join(home, name), `${name} from a file`);
  });
  afterEach(() => rmSync(home, { recursive: true }));

  const read = (text: string) => {
    writeFileSync(join(home, 'config'), text);
    const { ca, cert, key, token, tokenFile, ...rest } = readKubeconfig(join(home, 'config'), 'me');
    const texts = [ca, cert, key].map((pem) => pem?.toString());
    return { texts, token: token?.(), tokenFile: tokenFile?.replace(home, ''), ...rest };
  };
  const known = { server, 'certificate-authority-data': inline('ca') };

  it.each<[string, object, object, object]>([
    [
      'credentials in the file',
      known,
      { 'client-certificate-data': inline('crt'), 'client-key-data': inline('key') },
      { texts: ['ca', 'crt', 'key'], server, userAgent: 'me' },
    ],
    [
      'credentials beside the file',
      { server, 'certificate-authority': 'ca' },
      { 'client-certificate': 'crt', 'client-key': './key' },
      { texts: ['ca from a file', 'crt from a file', 'key from a file'] },
    ],
    [
      'both, of which what is in the file counts',
      { ...known, 'certificate-authority': 'ca' },
      {},
      { texts: ['ca', undefined, undefined] },
    ],
    ['a token', known, { token: 'secret' }, { texts: ['ca', undefined, undefined], token: 'secret' }],
    ['a file with a token', known, { tokenFile: 'token' }, { tokenFile: '/token' }],
  ])('gives %s', (_, cluster, user, found) => {
    expect(read(stringify(configOf({ cluster, user })))).toMatchObject(found);
  });

  it.each<[string, string, string]>([
    ['nothing', '', 'has no current context with a server and a user'],
    ['no contexts', 'kind: Config', 'has no current context with a server and a user'],
    [
      'a context that is not there',
      stringify(configOf({ cluster: known, user: {}, current: 'gone' })),
      'has no current context',
    ],
    ['no cluster', stringify(configOf({ user: {} })), 'has no current context'],
    ['no server', stringify(configOf({ cluster: {}, user: {} })), 'has no current context'],
    ['no user', stringify(configOf({ cluster: known })), 'has no current context'],
    [
      'no authority',
      stringify(configOf({ cluster: { server }, user: {} })),
      `names no certificate authority for ${server}`,
    ],
    ['no YAML', '{', 'is no YAML'],
    [
      'a file that is missing',
      stringify(configOf({ cluster: { server, 'certificate-authority': 'gone' }, user: {} })),
      'ENOENT',
    ],
  ])('is refused with %s', (_, text, message) => expect(() => read(text)).toThrow(message));
});
