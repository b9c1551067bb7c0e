import type { V1Pod } from '../../../libs/api/gen/types.ts';
import { attachRequest, containerTarget, execRequest, logsRequest, requireRunnable } from './parameters.ts';

const pod: V1Pod = {
  metadata: { namespace: 'default', name: 'web', uid: 'u' },
  spec: { nodeName: 'n1', initContainers: [{ name: 'init' }], containers: [{ name: 'a' }, { name: 'b' }] },
  status: { phase: 'Running' },
};
const single: V1Pod = { ...pod, spec: { nodeName: 'n1', containers: [{ name: 'only' }] } };
const target = containerTarget(single, null);
const query = (text: string) => new URLSearchParams(text);

it('takes the container named, or the only one', () => {
  expect(containerTarget(pod, 'init')).toMatchObject({ nodeName: 'n1', container: 'init' });
  expect(target.container).toBe('only');
});

it.each<[string, () => unknown, string, RegExp]>([
  ['several containers', () => containerTarget(pod, null), 'BadRequest', /choose one of: \[init a b\]/],
  ['an unknown container', () => containerTarget(pod, 'x'), 'BadRequest', /container x is not valid for pod web/],
  [
    'no node',
    () => requireRunnable({ ...pod, spec: { containers: [] } }),
    'BadRequest',
    /does not have a host assigned/,
  ],
  ['a pod that has ended', () => requireRunnable({ ...pod, status: { phase: 'Failed' } }), 'BadRequest', /is Failed/],
  ['no command', () => execRequest(query('stdout=1'), target), 'BadRequest', /must specify a command/],
  ['no stream', () => attachRequest(query(''), target), 'BadRequest', /at least 1 of stdin, stdout, stderr/],
  ['a negative tail', () => logsRequest(query('tailLines=-1'), target), 'Invalid', /tailLines/],
  ['a tail that is no number', () => logsRequest(query('tailLines=x'), target), 'BadRequest', /no integer/],
  ['no bytes', () => logsRequest(query('limitBytes=0'), target), 'Invalid', /limitBytes/],
  ['a wrong time', () => logsRequest(query('sinceTime=soon'), target), 'BadRequest', /RFC 3339/],
  [
    'two beginnings',
    () => logsRequest(query('sinceSeconds=5&sinceTime=2026-01-01T00:00:00Z'), target),
    'Invalid',
    /at most one/,
  ],
])('refuses %s', (_, run, reason, message) => {
  expect(run).toThrow(expect.objectContaining({ reason, message: expect.stringMatching(message) }));
});

it('reads switches as clients write them', () => {
  const request = execRequest(query('command=sh&command=-c&command=ls&stdin=true&stdout=1&stderr=false'), target);
  expect(request).toMatchObject({ command: ['sh', '-c', 'ls'], stdin: true, stdout: true, stderr: false, tty: false });
});

it('gives a terminal one output', () => {
  expect(attachRequest(query('stdout=1&stderr=1&tty=1'), target)).toMatchObject({ stderr: false, tty: true });
});
