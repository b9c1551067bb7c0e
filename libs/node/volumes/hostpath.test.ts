import { mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkHostPath } from './hostpath.ts';

describe('a path of the host', () => {
  let root: string;
  let server: Server;
  beforeEach(async () => {
    root = mkdtempSync(join(tmpdir(), 'host-'));
    mkdirSync(join(root, 'folder'));
    writeFileSync(join(root, 'file'), 'x');
    symlinkSync(join(root, 'folder'), join(root, 'link'));
    symlinkSync(join(root, 'nowhere'), join(root, 'broken'));
    server = createServer();
    await new Promise<void>((resolve) => server.listen(join(root, 'socket'), resolve));
  });
  afterEach(async () => {
    await new Promise((resolve) => server.close(resolve));
    rmSync(root, { recursive: true });
  });

  const check = (path: string, type: string | undefined) =>
    checkHostPath({ path: path.startsWith('/') ? path : join(root, path), type });

  it.each<[string, string | undefined]>([
    ['nowhere', undefined],
    ['nowhere', ''],
    ['folder', 'Directory'],
    ['link', 'Directory'],
    ['folder', 'DirectoryOrCreate'],
    ['file', 'File'],
    ['file', 'FileOrCreate'],
    ['socket', 'Socket'],
    ['/dev/null', 'CharDevice'],
  ])('%s is taken as %s', async (path, type) => expect(await check(path, type)).toBeUndefined());

  it.each([
    ['nowhere', 'Directory', 'a directory'],
    ['file', 'Directory', 'a directory'],
    ['file', 'DirectoryOrCreate', 'a directory'],
    ['broken', 'DirectoryOrCreate', 'a directory'],
    ['nowhere', 'File', 'a file'],
    ['folder', 'File', 'a file'],
    ['folder', 'FileOrCreate', 'a file'],
    ['broken', 'FileOrCreate', 'a file'],
    ['file', 'Socket', 'a socket file'],
    ['file', 'CharDevice', 'a character device'],
    ['/dev/null', 'BlockDevice', 'a block device'],
  ])('%s is refused as %s', async (path, type, name) => {
    await expect(check(path, type)).rejects.toThrow(new RegExp(`^hostPath type check failed: .* is not ${name}$`));
  });

  it.each([
    ['DirectoryOrCreate', 0o755],
    ['FileOrCreate', 0o644],
  ])('is made as %s asks, with the folders above it', async (type, mode) => {
    await check('a/b', type);
    expect(statSync(join(root, 'a/b')).isDirectory()).toBe(type === 'DirectoryOrCreate');
    expect(statSync(join(root, 'a/b')).mode & 0o777).toBe(mode);
  });
});
