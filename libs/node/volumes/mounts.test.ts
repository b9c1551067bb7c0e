import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fromAbove, mountAs, mountTmpfs, unmountBelow } from './mounts.ts';

describe('an overlay of many layers', () => {
  it.each<[string, string[], string[], string | undefined]>([
    ['short', ['lowerdir=/a/s/12/fs:/a/s/1/fs', 'ro'], ['lowerdir=12/fs:1/fs', 'ro'], '/a/s'],
    ['of parts that begin alike', ['lowerdir=/a/s1/fs:/a/s/fs'], ['lowerdir=s1/fs:s/fs'], '/a'],
    ['with nothing in common', ['lowerdir=/a/fs:/b/fs'], ['lowerdir=/a/fs:/b/fs'], undefined],
    ['of one layer', ['lowerdir=/a/fs'], ['lowerdir=/a/fs'], undefined],
    ['with signs that are written otherwise', ['lowerdir=/a/x\\:/fs:/a/y'], ['lowerdir=/a/x\\:/fs:/a/y'], undefined],
    ['none', ['ro'], ['ro'], undefined],
  ])('%s', (_, options, relative, above) => {
    expect(fromAbove(options)).toEqual({ options: relative, ...(above && { above }) });
  });

  it('is mounted though its paths are longer than a page', async () => {
    const root = mkdtempSync(join(tmpdir(), 'layers-'));
    try {
      // An overlay cannot always lie upon an overlay, which the machine's own folder may be.
      await mountTmpfs(root, undefined);
      const top = join(root, 'a-name-that-takes-room-'.repeat(5), 'snapshots');
      const layers = Array.from({ length: 60 }, (_, at) => join(top, String(at), 'fs'));
      for (const [at, layer] of layers.entries()) {
        mkdirSync(layer, { recursive: true });
        writeFileSync(join(layer, `file-${at}`), '');
      }
      const shown = join(root, 'shown');
      mkdirSync(shown);
      const options = [`lowerdir=${layers.join(':')}`, 'ro'];
      expect(options.join().length).toBeGreaterThan(4096);
      await mountAs(shown, { type: 'overlay', source: 'overlay', options });
      expect(readdirSync(shown)).toHaveLength(60);
    } finally {
      await unmountBelow(root);
      rmSync(root, { recursive: true, force: true });
    }
  });
});
