import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildCatalogueArchive } from './build.ts';
import { catalogue, pauseImage } from './catalogue.ts';
import { ociArchitecture, ociArchive, sha256 } from './oci.ts';
import { type TarEntry, tarArchive } from './tar.ts';

const sources = { busybox: Buffer.from('b'), catatonit: Buffer.from('c'), applets: ['sh', 'ls', 'busybox'] };

describe('tarArchive', () => {
  const directory = mkdtempSync(join(tmpdir(), 'berth-tar-'));
  afterAll(() => rmSync(directory, { recursive: true }));

  const long = `${'d'.repeat(90)}/${'f'.repeat(90)}`;
  const cases: Array<{ name: string; entry: TarEntry; listed: string }> = [
    {
      name: 'a file',
      entry: { type: 'file', path: 'a', content: Buffer.from('hi'), mode: 0o755 },
      listed: '-rwxr-xr-x 0/0 2 a',
    },
    { name: 'a directory', entry: { type: 'directory', path: 'd', mode: 0o1777 }, listed: 'drwxrwxrwt 0/0 0 d/' },
    { name: 'a link', entry: { type: 'symlink', path: 'l', target: 'a' }, listed: 'lrwxrwxrwx 0/0 0 l -> a' },
    {
      name: 'a long path',
      entry: { type: 'file', path: long, content: Buffer.alloc(0) },
      listed: `-rw-r--r-- 0/0 0 ${long}`,
    },
  ];
  it.each(cases)('writes $name as tar reads it', ({ entry, listed }) => {
    const path = join(directory, 'x.tar');
    writeFileSync(path, tarArchive([entry]));
    const out = execFileSync('tar', ['--numeric-owner', '-tvf', path], { encoding: 'utf8' }).trim();
    expect(out.replace(/ +/g, ' ').replace(/ \d{4}-\d\d-\d\d \d\d:\d\d/, '')).toBe(listed);
  });

  it.each(['x'.repeat(101), `${'d'.repeat(160)}/f${'x'.repeat(99)}`])('refuses a path that does not fit', (path) => {
    expect(() => tarArchive([{ type: 'file', path, content: Buffer.alloc(0) }])).toThrow(RangeError);
  });
});

describe('ociArchive', () => {
  it('gives equal bytes for equal recipes', () => {
    expect(sha256(ociArchive(catalogue(sources)))).toBe(sha256(ociArchive(catalogue({ ...sources }))));
  });

  it('changes when a program changes', () => {
    const other = { ...sources, catatonit: Buffer.from('d') };
    expect(sha256(ociArchive(catalogue(sources)))).not.toBe(sha256(ociArchive(catalogue(other))));
  });

  it('names its images so that containerd finds them, and stores a shared layer once', () => {
    const archive = ociArchive(catalogue(sources));
    const listing = execFileSync('tar', ['-tf', '-'], { input: archive, encoding: 'utf8' });
    const index = JSON.parse(execFileSync('tar', ['-xOf', '-', 'index.json'], { input: archive, encoding: 'utf8' }));
    const names = index.manifests.map(
      (manifest: { annotations: Record<string, string> }) => manifest.annotations['io.containerd.image.name'],
    );
    expect(names).toEqual([
      pauseImage,
      'localhost/berth/busybox:1',
      'localhost/berth/hello:1',
      'localhost/berth/hello:2',
    ]);
    // 5 layers (pause, system, init, two hellos), 4 configurations, 4 manifests.
    expect(listing.split('\n').filter((path) => /^blobs\/sha256\/\w+$/.test(path))).toHaveLength(13);
  });
});

describe('buildCatalogueArchive', () => {
  const directory = mkdtempSync(join(tmpdir(), 'berth-images-'));
  afterAll(() => rmSync(directory, { recursive: true }));

  it('keeps an archive that is up to date and replaces one that is not', async () => {
    const path = join(directory, 'berth.tar');
    const built = await buildCatalogueArchive(path);
    expect(sha256(readFileSync(path))).toBe(built.digest);
    const { mtimeMs } = statSync(path);
    expect(await buildCatalogueArchive(path)).toEqual(built);
    expect(statSync(path).mtimeMs).toBe(mtimeMs);
    writeFileSync(`${path}.key`, 'other\n');
    expect(await buildCatalogueArchive(path)).toEqual(built);
    expect(statSync(path).mtimeMs).not.toBe(mtimeMs);
  });
});

describe('ociArchitecture', () => {
  it.each([
    ['x64', 'amd64'],
    ['arm64', 'arm64'],
    ['riscv64', 'riscv64'],
  ])('%s is %s', (node, oci) => {
    expect(ociArchitecture(node)).toBe(oci);
  });
});
