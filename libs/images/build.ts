import { execFile } from 'node:child_process';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
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
 * Writes the catalogue's images as one archive to `path`. The file appears whole or not at all.
 * @throws the file system's error, with its path, when a program is missing or the disk is full.
 */
export async function buildCatalogueArchive(path: string): Promise<BuiltArchive> {
  const [busybox, catatonit, listed] = await Promise.all([
    readFile(programPaths.busybox),
    readFile(programPaths.catatonit),
    promisify(execFile)(programPaths.busybox, ['--list']),
  ]);
  const applets = listed.stdout.split('\n').filter((name) => /^[\w.[-]+$/.test(name));
  const archive = ociArchive(catalogue({ busybox, catatonit, applets }));
  await mkdir(dirname(path), { recursive: true });
  await writeFile(`${path}.new`, archive);
  await rename(`${path}.new`, path);
  return { path, digest: sha256(archive) };
}
