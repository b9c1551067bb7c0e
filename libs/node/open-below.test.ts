import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openBelow } from './open-below.ts';

describe('opening what others wrote', () => {
  let top: string;
  beforeEach(() => {
    top = realpathSync(mkdtempSync(join(tmpdir(), 'open-')));
    mkdirSync(join(top, 'root', 'deep'), { recursive: true });
    writeFileSync(join(top, 'outside'), 'secret');
    writeFileSync(join(top, 'root', 'deep', 'file'), 'text');
    symlinkSync('deep/file', join(top, 'root', 'in'));
    symlinkSync('../outside', join(top, 'root', 'out'));
    symlinkSync(top, join(top, 'root', 'up'));
    execFileSync('mkfifo', [join(top, 'root', 'fifo')]);
  });
  afterEach(() => rmSync(top, { recursive: true, force: true }));

  const read = async (path: string) => {
    const opened = await openBelow(join(top, 'root'), path);
    if (!opened) return undefined;
    const text = opened.stats.isFile() ? await opened.handle.readFile('utf8') : 'a folder';
    await opened.handle.close();
    return text;
  };

  it.each([
    ['deep/file', 'text'],
    ['in', 'text'],
    ['deep', 'a folder'],
    ['', 'a folder'],
    ['out', undefined],
    ['up/outside', undefined],
    ['../outside', undefined],
    ['none', undefined],
    ['fifo', undefined],
  ])('%j: %s', async (path, text) => expect(await read(path)).toBe(text));

  it('is not led astray by a folder that becomes a link as it is opened', async () => {
    const [deep, aside] = [join(top, 'root', 'deep'), join(top, 'root', 'aside')];
    mkdirSync(join(top, 'elsewhere'));
    writeFileSync(join(top, 'elsewhere', 'file'), 'secret');
    const texts = new Set<string | undefined>();
    for (let turn = 0; turn < 200; turn++) {
      const reading = read('deep/file');
      await new Promise((resolve) => setImmediate(resolve));
      renameSync(deep, aside);
      symlinkSync(join(top, 'elsewhere'), deep);
      texts.add(await reading);
      rmSync(deep);
      renameSync(aside, deep);
    }
    expect([...texts].filter((text) => text !== undefined && text !== 'text')).toEqual([]);
  });
});
