import { appendFileSync, mkdtempSync, readdirSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sleep, systemClock } from '../../base/clock.ts';
import type { ByteStream, LogsRequest } from '../link.ts';
import { parseLogLine } from './lines.ts';
import { type LogSource, sendLog, watchFile } from './reader.ts';
import { logLimits, rotateLog } from './rotate.ts';

const request: LogsRequest = {
  pod: { namespace: 'ns', name: 'p', uid: 'u' },
  container: 'c',
  follow: false,
  previous: false,
  timestamps: false,
};
const nowMs = Date.UTC(2026, 0, 1, 0, 1);
const line = (second: number, text: string, tag = 'F', stream = 'stdout') =>
  `2026-01-01T00:00:${String(second).padStart(2, '0')}.5Z ${stream} ${tag} ${text}\n`;

/** Keeps what is written to it. */
function sink() {
  const chunks: Buffer[] = [];
  const abort = new AbortController();
  const stream: ByteStream = {
    incoming: (async function* () {})(),
    write: async (_, data) => void chunks.push(Buffer.from(data)),
    accept: () => {},
    endChannel: () => {},
    close: () => abort.abort(),
    closed: abort.signal,
  };
  return { stream, text: () => Buffer.concat(chunks).toString() };
}

describe('logs', () => {
  let directory: string;
  let path: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'berth-logs-'));
    path = join(directory, '0.log');
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  const read = async (more: Partial<LogsRequest>) => {
    const { stream, text } = sink();
    const source: LogSource = { path, live: () => false, changed: async () => {} };
    await sendLog(source, { ...request, ...more }, stream, nowMs);
    return text();
  };

  const written =
    line(1, 'one') + line(2, 'two', 'F', 'stderr') + line(3, 'half', 'P') + line(3, ' done') + line(4, '');
  const cases: Array<[string, Partial<LogsRequest>, string]> = [
    ['everything, both streams, halves joined', {}, 'one\ntwo\nhalf done\n\n'],
    ['the last lines', { tailLines: 2 }, ' done\n\n'],
    ['no line', { tailLines: 0 }, ''],
    ['more lines than there are', { tailLines: 100 }, 'one\ntwo\nhalf done\n\n'],
    ['so many bytes', { limitBytes: 5 }, 'one\nt'],
    ['since a time', { sinceTime: '2026-01-01T00:00:03Z' }, 'half done\n\n'],
    ['since some seconds', { sinceSeconds: 56 }, '\n'],
    ['with times', { timestamps: true, tailLines: 1 }, '2026-01-01T00:00:04.5Z \n'],
  ];
  it.each(cases)('reads %s', async (_, more, expected) => {
    writeFileSync(path, written);
    expect(await read(more)).toBe(expected);
  });

  it('is empty without a file', async () => expect(await read({})).toBe(''));

  it('follows over a rotation until the container has ended', async () => {
    writeFileSync(path, line(1, 'one'));
    const { stream, text } = sink();
    let live = true;
    const watcher = watchFile(path, (delayMs, run) => systemClock.setTimer(Math.min(delayMs, 20), run));
    const sent = sendLog(
      { path, live: () => live, changed: watcher.changed },
      { ...request, follow: true },
      stream,
      nowMs,
    );
    const until = async (expected: string) => {
      while (text() !== expected) await sleep(systemClock, 1);
    };
    await until('one\n');
    appendFileSync(path, line(2, 'two'));
    await until('one\ntwo\n');
    renameSync(path, `${path}.old`);
    writeFileSync(path, line(3, 'three'));
    await until('one\ntwo\nthree\n');
    live = false;
    watcher.wake();
    await sent;
    watcher.close();
  });

  it('stops following when the client has gone', async () => {
    writeFileSync(path, line(1, 'one'));
    const { stream } = sink();
    const watcher = watchFile(path, (delayMs, run) => systemClock.setTimer(delayMs, run));
    const sent = sendLog(
      { path, live: () => true, changed: watcher.changed },
      { ...request, follow: true },
      stream,
      nowMs,
    );
    await sleep(systemClock, 5);
    stream.close();
    watcher.wake();
    await sent;
    watcher.close();
  });

  it('moves a long log aside and keeps so many', async () => {
    for (let day = 1; day <= logLimits.filesMax + 2; day++) {
      writeFileSync(path, '');
      truncateSync(path, logLimits.bytesMax);
      expect(await rotateLog(path, Date.UTC(2026, 0, day))).toBe(true);
    }
    expect(readdirSync(directory)).toHaveLength(logLimits.filesMax - 1);
    writeFileSync(path, 'short');
    expect(await rotateLog(path, nowMs)).toBe(false);
  });
});

describe('parseLogLine', () => {
  it.each([
    ['2026-01-01T00:00:00Z stdout F text with spaces', { stream: 'stdout', partial: false }],
    ['2026-01-01T00:00:00Z stderr P:x half', { stream: 'stderr', partial: true }],
  ])('%s', (text, expected) => expect(parseLogLine(Buffer.from(text))).toMatchObject(expected));

  it('knows what is no log line', () => expect(parseLogLine(Buffer.from('nonsense'))).toBeUndefined());
});
