import { warningsIn } from './api.ts';
import { isRolledOut } from './apply.ts';
import { UsageError } from './command.ts';
import { commands, overview } from './commands.ts';
import { readManifests } from './objects/manifests.ts';
import { Progress } from './progress.ts';
import { divide, parseCount, parseCpus, parseMemory } from './sizes.ts';
import { nodeIsNewEnough, packagesAreStale } from './start-checks.mjs';
import { parseUpFlags } from './up-options.ts';

describe('sizes', () => {
  it.each([
    ['2', 2],
    ['0.5', 0.5],
    ['500m', 0.5],
  ])('reads %s CPUs', (text, cpus) => expect(parseCpus('--node-cpus', text)).toBe(cpus));

  it.each([
    ['2Gi', 2 ** 31],
    ['512Mi', 2 ** 29],
    ['1G', 1e9],
    ['100000000', 1e8],
  ])('reads %s of memory', (text, bytes) => expect(parseMemory('--node-memory', text)).toBe(bytes));

  it.each(['0', '-1', 'two', '', '1x'])('refuses %j CPUs', (text) => {
    expect(() => parseCpus('--node-cpus', text)).toThrow(UsageError);
  });
  it.each(['0', '10Mi', 'lots', '', '1Xi'])('refuses %j of memory', (text) => {
    expect(() => parseMemory('--node-memory', text)).toThrow(UsageError);
  });
  it.each(['0', '4', '1.5', '', 'x'])('refuses a count of %j', (text) => {
    expect(() => parseCount('--nodes', text, { min: 1, max: 3 })).toThrow('--nodes');
  });

  it('divides a machine without giving more than it has', () => {
    const share = divide({ cpus: 2, memoryBytes: 10 * 2 ** 30 + 7 }, 3);
    expect(share).toEqual({ cpus: 0.666, memoryBytes: 3413 * 2 ** 20 });
  });
});

describe('parseUpFlags', () => {
  it.each([
    { argv: [], want: { detach: false, config: {}, serverFlags: [] } },
    {
      argv: ['--detach', '--nodes', '5', '--port', '7000', '--store', 'etcd=http://a:1,http://b:1'],
      want: { detach: true, config: { nodes: 5, port: 7000, store: 'etcd=http://a:1,http://b:1' } },
    },
    {
      argv: ['--node-cpus', '1', '--node-memory', '1Gi', '--default-toleration', '30'],
      want: { config: { nodeCpus: 1, nodeMemoryBytes: 2 ** 30 }, serverFlags: ['--default-toleration', '30'] },
    },
  ])('reads $argv', ({ argv, want }) => expect(parseUpFlags(argv)).toMatchObject(want));

  it.each([
    [['--nodes', '0']],
    [['--nodes', '201']],
    [['--port', '65535']],
    [['--store', 'etcd=']],
    [['--store', 'paper']],
    [['--bogus']],
    [['stray']],
  ])('refuses %j', (argv) => expect(() => parseUpFlags(argv)).toThrow(UsageError));
});

describe('apply', () => {
  const done = { observedGeneration: 2, updatedReplicas: 3, availableReplicas: 3, replicas: 3 };
  it.each([
    { name: 'all are there', status: done, want: true },
    { name: 'nothing is known', status: undefined, want: false },
    { name: 'the controller is behind', status: { ...done, observedGeneration: 1 }, want: false },
    { name: 'some are old', status: { ...done, updatedReplicas: 2 }, want: false },
    { name: 'some are not ready', status: { ...done, availableReplicas: 2 }, want: false },
    { name: 'old ones are left', status: { ...done, replicas: 4 }, want: false },
  ])('when $name', ({ status, want }) => {
    expect(isRolledOut({ metadata: { generation: 2 }, spec: { replicas: 3 }, status })).toBe(want);
  });

  it('reads documents and skips empty ones', async () => {
    const one = 'apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n';
    expect(readManifests(`---\n${one}---\n# nothing\n---\n${one}`, 'f')).toHaveLength(2);
  });
  it.each([
    ['a: [', 'f: '],
    ['kind: Pod\n', 'f: document 1: an object needs apiVersion, kind and metadata.name'],
  ])('refuses %j', async (text, message) => {
    expect(() => readManifests(text, 'f')).toThrow(message);
  });
});

describe('warnings of the server', () => {
  it.each([
    [undefined, []],
    [
      ['299 - "plain"', '299 - "with \\"quotes\\" and \\\\"'],
      ['plain', 'with "quotes" and \\'],
    ],
    [['nonsense', '299 - no quotes'], []],
  ])('in %j', (headers, want) => expect(warningsIn(headers)).toEqual(want));
});

describe('npm start', () => {
  it.each([
    ['20.18.9', false],
    ['20.19.0', true],
    ['22.0.0', true],
    ['18.20.0', false],
  ])('on Node %s', (version, fits) => expect(nodeIsNewEnough(version)).toBe(fits));

  const wanted = {
    packages: {
      '': {},
      'node_modules/a': { version: '1.0.0', integrity: 'x' },
      'node_modules/other-platform': { version: '1.0.0', optional: true },
    },
  };
  const installed = (a?: { version: string; integrity: string }) => ({
    packages: (a === undefined ? {} : { 'node_modules/a': a }) as Record<string, { version: string }>,
  });
  it.each([
    { name: 'nothing', have: undefined, stale: true },
    { name: 'the same', have: installed({ version: '1.0.0', integrity: 'x' }), stale: false },
    { name: 'another version', have: installed({ version: '0.9.0', integrity: 'x' }), stale: true },
    { name: 'other content', have: installed({ version: '1.0.0', integrity: 'y' }), stale: true },
    { name: 'one package less', have: installed(undefined), stale: true },
  ])('with $name installed', ({ have, stale }) => expect(packagesAreStale(wanted, have)).toBe(stale));
});

describe('commands', () => {
  it.each(Object.keys(commands))('%s can be loaded', async (name) => {
    expect(typeof (await commands[name]!.load()).run).toBe('function');
    expect(overview()).toContain(`  ${name} `);
  });
});

describe('Progress', () => {
  it('says what is done, what failed, and how long it took', async () => {
    let time = 0;
    const clock = { now: () => 0, monotonic: () => time, setTimer: () => ({ cancel: () => {} }) };
    const lines: string[] = [];
    const progress = new Progress(clock, (line) => lines.push(line));
    await progress.step('one', async () => {
      time += 1234;
    });
    await expect(progress.step('two', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(lines.map((line) => line.replace(/ +/g, ' '))).toEqual([' ✓ one 1.23 s', ' ✗ two']);
  });
});
