import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { ObservedContainer } from '../pods/observed.ts';
import type { ContainerInfo } from '../runtime/runtime.ts';
import { annotationNames } from './labels.ts';
import { lastWords } from './lastwords.ts';
import { PodPaths } from './options.ts';

const identity = { namespace: 'ns', name: 'p', uid: 'u' };
const log = (text: string, tag = 'F') => `2026-01-01T00:00:00Z stdout ${tag} ${text}\n`;

describe('lastWords', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'berth-words-'));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  const cases: Array<[string, { file?: string; log?: string; policy: string; exitCode: number }, string]> = [
    ['what its file says', { file: 'words\n', log: log('x'), policy: 'File', exitCode: 1 }, 'words\n'],
    ['nothing without a file', { log: log('x'), policy: 'File', exitCode: 1 }, 'from the runtime'],
    [
      'its log where it failed',
      { log: log('one') + log('two'), policy: 'FallbackToLogsOnError', exitCode: 1 },
      'one\ntwo\n',
    ],
    ['a last line without an end', { log: log('DONE', 'P'), policy: 'FallbackToLogsOnError', exitCode: 1 }, 'DONE'],
    [
      'not its log where it succeeded',
      { log: log('x'), policy: 'FallbackToLogsOnError', exitCode: 0 },
      'from the runtime',
    ],
    ['its file before its log', { file: 'f', log: log('x'), policy: 'FallbackToLogsOnError', exitCode: 1 }, 'f'],
    ['no more than 4 KiB of its file', { file: 'a'.repeat(5000), policy: 'File', exitCode: 0 }, 'a'.repeat(4096)],
    [
      'no more than 80 lines of its log',
      { log: log('x').repeat(100), policy: 'FallbackToLogsOnError', exitCode: 1 },
      'x\n'.repeat(80),
    ],
  ];
  it.each(cases)('are %s', async (_, left, expected) => {
    const paths = { pods: join(directory, 'pods'), memory: directory, logs: join(directory, 'logs') };
    const pod = new PodPaths(paths, identity);
    const put = (path: string, text: string | undefined) => {
      if (text === undefined) return;
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, text);
    };
    put(pod.terminationFile('c', 0), left.file);
    put(pod.logFile('c', 0), left.log);
    const container = { name: 'c', restartCount: 0, exitCode: left.exitCode } as ObservedContainer;
    const annotations = {
      [annotationNames.terminationPath]: '/dev/t',
      [annotationNames.terminationPolicy]: left.policy,
    };
    const info = { annotations, message: 'from the runtime' } as unknown as ContainerInfo;
    expect(await lastWords(paths, identity, container, info)).toBe(expected);
  });
});
