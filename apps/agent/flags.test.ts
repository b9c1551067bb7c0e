import { parseAgentFlags, UsageError } from './flags.ts';

const server = ['--server', 'https://10.0.0.1:6443'];
const token = 'abcdef.0123456789abcdef';
const hash = `sha256:${'0'.repeat(64)}`;

it('reads what an agent needs', () => {
  const options = parseAgentFlags([
    ...server,
    ...['--name', 'N1', '--home', '/h', '--cpus', '1.5', '--memory', '2Gi', '--labels', 'a=b,c=', '--token', token],
    ...['--ca-hash', hash],
  ]);
  expect(options).toMatchObject({
    servers: ['https://10.0.0.1:6443'],
    name: 'n1',
    home: '/h',
    cpus: 1.5,
    memoryBytes: 2 * 2 ** 30,
    labels: { a: 'b', c: '' },
    join: { token, caHash: hash },
    containerd: 'private',
  });
  expect(options.run.length).toBeLessThan(60);
});

it('takes several servers', () => {
  const { servers } = parseAgentFlags(['--server', 'https://a:6443/,https://b:6443']);
  expect(servers).toEqual(['https://a:6443', 'https://b:6443']);
});

it.each([
  ['no server', [], /--server is required/],
  ['a server without TLS', ['--server', 'http://x'], /want a URL/],
  ['a token without a hash', [...server, '--token', token], /go together/],
  ['a malformed token', [...server, '--token', 'x', '--ca-hash', hash], /--token: want/],
  ['a malformed hash', [...server, '--token', token, '--ca-hash', 'x'], /--ca-hash: want/],
  ['no CPUs', [...server, '--cpus', '0'], /--cpus 0/],
  ['a strange size', [...server, '--memory', '2 loaves'], /--memory 2 loaves/],
  ['a label without a value', [...server, '--labels', 'a'], /--labels a/],
  ['an unknown flag', [...server, '--bogus'], /bogus/],
])('refuses %s', (_, argv, message) => {
  expect(() => parseAgentFlags(argv)).toThrow(message);
  expect(() => parseAgentFlags(argv)).toThrow(UsageError);
});
