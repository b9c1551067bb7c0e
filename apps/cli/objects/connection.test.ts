import type { Api } from '../api.ts';
import { CliError, UsageError } from '../command.ts';
import { readObjects, readTargets } from './connection.ts';
import { Kinds } from './kinds.ts';

const resource = (plural: string, kind: string, shortNames: string[]) => ({
  resource: plural,
  scope: 'Namespaced',
  responseKind: { kind },
  singularResource: kind.toLowerCase(),
  shortNames,
});
const core = { metadata: {}, versions: [{ version: 'v1', resources: [resource('pods', 'Pod', ['po'])] }] };
const apps = {
  metadata: { name: 'apps' },
  versions: [{ version: 'v1', resources: [resource('deployments', 'Deployment', ['deploy'])] }],
};
const send = async (_: string, path: string) => ({ code: 200, body: { items: [path === '/api' ? core : apps] } });
const kinds = await Kinds.from({ send } as unknown as Api);
const read = (line: string) => readTargets(kinds, line.split(' ')).map(({ kind, names }) => [kind.plural, ...names]);

describe('targets of a command', () => {
  it.each([
    ['po', [['pods']]],
    ['pods a b', [['pods', 'a', 'b']]],
    ['deploy,po', [['deployments'], ['pods']]],
    [
      'deploy,po web',
      [
        ['deployments', 'web'],
        ['pods', 'web'],
      ],
    ],
    ['deployment.apps/web', [['deployments', 'web']]],
    [
      'po/a deploy/web po/b',
      [
        ['pods', 'a', 'b'],
        ['deployments', 'web'],
      ],
    ],
  ])('%s', (line, want) => expect(read(line)).toEqual(want));

  it.each([
    ['po/a b', UsageError],
    ['po a/b', UsageError],
    ['nothing', CliError],
    ['po,nothing', CliError],
  ])('%s is refused', (line, kind) => expect(() => read(line)).toThrow(kind));

  it.each([[[]], [['po']], [['po,deploy']]])('%j has no names', (words) => {
    expect(() => readObjects(kinds, words, 'names, please')).toThrow('names, please');
  });
});
