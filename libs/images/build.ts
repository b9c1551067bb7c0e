import { execFile } from 'node:child_process';
import { mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { catalogue } from './catalogue.ts';
import { ociArchive, sha256 } from './oci.ts';

export interface BuiltArchive {
  path: string;
  /** `sha256:<hex>` of the archive. */
  digest: string;
}

/** Where Debian's busybox-static and catatonit put their programs. */
export const programPaths = { busybox: '/bin/busybox', catatonit: '/usr/bin/catatonit' } as const;

/**
 * Writes the catalogue's images as one archive to `path`, unless the one that stands there is made of the same things.
 * The file appears whole or not at all.
 * @throws the file system's error, with its path, when a program is missing or the disk is full.
 */
export async function buildCatalogueArchive(path: string): Promise<BuiltArchive> {
  const applets = await listApplets();
  const [busyboxMark, catatonitMark] = await Promise.all([
    markOf(programPaths.busybox),
    markOf(programPaths.catatonit),
  ]);
  // The recipes with marks in place of the programs tell whether anything has changed, without reading the programs.
  const key = sha256(ociArchive(catalogue({ busybox: busyboxMark, catatonit: catatonitMark, applets })));
  const [knownKey, knownDigest] = (await readFile(`${path}.key`, 'utf8').catch(() => '')).split('\n');
  if (knownKey === key && knownDigest !== undefined && (await exists(path))) return { path, digest: knownDigest };
  const [busybox, catatonit] = await Promise.all([readFile(programPaths.busybox), readFile(programPaths.catatonit)]);
  const archive = ociArchive(catalogue({ busybox, catatonit, applets }));
  const digest = sha256(archive);
  await mkdir(dirname(path), { recursive: true });
  await replaceFile(path, archive);
  await replaceFile(`${path}.key`, `${key}\n${digest}\n`);
  return { path, digest };
}

async function listApplets(): Promise<string[]> {
  const listed = await promisify(execFile)(programPaths.busybox, ['--list']);
  return listed.stdout.split('\n').filter((name) => /^[\w.[-]+$/.test(name));
}

async function markOf(path: string): Promise<Buffer> {
  const { size, mtimeMs } = await stat(path);
  return Buffer.from(`${path} ${size} ${mtimeMs}`);
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

async function replaceFile(path: string, content: string | Uint8Array): Promise<void> {
  await writeFile(`${path}.new`, content);
  await rename(`${path}.new`, path);
}
