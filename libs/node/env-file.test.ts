import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileKeyValue, variableIn } from './env-file.ts';

const text = `# made by an init container

  A='one'
B='two
lines' # said so
C= 'apart'
D=''
E='x=y' 
`;

describe('a variable in a file', () => {
  it.each([
    ['A', 'one'],
    ['B', 'two\nlines'],
    ['C', undefined],
    ['D', undefined],
    ['E', 'x=y'],
    ['F', undefined],
  ])('%s', (key, value) => expect(variableIn(text, key)).toBe(value));

  it.each([
    ['A', "line 1: missing '='"],
    ["='x'", 'line 1: empty variable name'],
    ["A ='x'", "line 1: whitespace before '=' is not allowed"],
    ['\nA=x', 'line 2: value must be enclosed in single quotes'],
    ["A='x\ny", 'line 1: unclosed single quote'],
    ["A='x\ny' z", 'line 2: unexpected content after closing quote'],
  ])('is not looked for beyond %j', (bad, why) => expect(() => variableIn(bad, 'Z')).toThrow(why));

  it('is read where its volume is, and nowhere else', async () => {
    const root = mkdtempSync(join(tmpdir(), 'env-'));
    try {
      mkdirSync(join(root, 'volume', 'deep'), { recursive: true });
      writeFileSync(join(root, 'outside'), "A='secret'");
      writeFileSync(join(root, 'volume', 'deep', 'file'), "A='one'");
      execFileSync('mkfifo', [join(root, 'volume', 'fifo')]);
      symlinkSync('../outside', join(root, 'volume', 'out'));
      symlinkSync('deep/file', join(root, 'volume', 'in'));
      const read = (path: string, optional = false) =>
        fileKeyValue({ volumeName: 'v', path, key: 'A', optional }, () => join(root, 'volume'));
      expect(await read('deep/file')).toBe('one');
      expect(await read('in')).toBe('one');
      expect(await read('out', true)).toBeUndefined();
      for (const none of ['fifo', 'deep']) expect(await read(none, true)).toBeUndefined();
      await expect(read('out')).rejects.toThrow('environment variable key "A" not found in file "out"');
      const lost = fileKeyValue({ volumeName: 'w', path: 'x', key: 'A' }, () => undefined);
      await expect(lost).rejects.toThrow('cannot find the volume "w" referenced by FileKeyRef');
    } finally {
      rmSync(root, { recursive: true, force: true });
    }
  });
});
