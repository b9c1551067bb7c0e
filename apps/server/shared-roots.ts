import { readFile } from 'node:fs/promises';
import type { Logger } from '../../libs/base/log.ts';
import type { PkiDirectory } from '../../libs/pki/authority.ts';
import {
  type ClusterRoots,
  ensureRoots,
  keptRoots,
  newRoots,
  openRoots,
  rootsHash,
  sealRoots,
  writeRoots,
} from '../../libs/pki/roots.ts';
import { type Entry, GuardFailedError, type Store } from '../../libs/store/store.ts';

/** Beside the objects, not among them: no API serves it. */
export const rootsKey = '/berth/roots';

/** A secret is made by a program, not thought out. */
const secretLengthMin = 16;

/** What the store says of the cluster that it belongs to. */
interface RootsRecord {
  /** Hash of the cluster's authority. */
  readonly authority: string;
  /** The roots under the cluster's secret; absent when it has none. */
  readonly sealed?: string;
}

export interface SharedRootsOptions {
  readonly store: Store;
  /** The directory of the server's certificates. */
  readonly directory: PkiDirectory;
  /** What all servers of the cluster know. Absent: their certificates were brought together by hand. */
  readonly secret: string | undefined;
  readonly logger: Logger;
}

/** The secret in `file`, without white space around it. @throws Error when it is short or cannot be read */
export async function readClusterSecret(file: string): Promise<string> {
  const secret = (await readFile(file, 'utf8')).trim();
  if (secret.length >= secretLengthMin) return secret;
  throw new Error(
    `--cluster-secret-file ${file}: want at least ${secretLengthMin} characters, such as "openssl rand -hex 32"`,
  );
}

/**
 * Brings the roots of the servers of one store together. The first server with the secret leaves them in the store,
 * sealed; those that come later take them from there. Without a secret a server only looks whether the store has been
 * used with its own authority, and says so when not.
 * @throws Error when the store's cluster has another secret or, with a secret, another authority than the directory
 */
export async function shareRoots(options: SharedRootsOptions): Promise<void> {
  // A server that comes at the same time may be first; then its roots are found at the second look.
  for (;;) {
    try {
      return await settle(options);
    } catch (error) {
      if (!(error instanceof GuardFailedError)) throw error;
    }
  }
}

async function settle(options: SharedRootsOptions): Promise<void> {
  const { store, directory, secret } = options;
  const entry = await store.get(rootsKey);
  const record = entry && recordOf(entry);
  if (secret === undefined) return noteAuthority(options, entry, record);
  const kept = await keptRoots(directory);
  if (record?.sealed !== undefined) return take(directory, openRoots(record.sealed, secret), kept);
  if (record && record.authority !== (kept && rootsHash(kept))) {
    throw new Error(
      `the store belongs to a cluster with the authority ${record.authority}, whose keys are neither in the store nor ` +
        `in ${directory.path}: give the server that has them the cluster secret first`,
    );
  }
  const roots = kept ?? (await newRoots(directory.clock));
  await leave(store, entry, { authority: rootsHash(roots), sealed: sealRoots(roots, secret) });
  if (!kept) await writeRoots(directory, roots);
}

async function take(directory: PkiDirectory, roots: ClusterRoots, kept: ClusterRoots | undefined): Promise<void> {
  if (!kept) return writeRoots(directory, roots);
  if (rootsHash(kept) === rootsHash(roots)) return;
  throw new Error(
    `${directory.path} holds the keys of another cluster (authority ${rootsHash(kept)}) than the store's ` +
      `(${rootsHash(roots)}): use another --home`,
  );
}

/** Without a secret: remembers whose store it is. */
async function noteAuthority(
  { store, directory, logger }: SharedRootsOptions,
  entry: Entry | undefined,
  record: RootsRecord | undefined,
): Promise<void> {
  if (record?.sealed !== undefined) return checkKept(directory, record.authority);
  const authority = rootsHash(await ensureRoots(directory));
  if (record?.authority === authority) return;
  if (record) {
    logger.warn('the store was used with another authority: servers that still have it do not trust this one', {
      before: record.authority,
      now: authority,
      remedy: 'give all servers of a store the same --cluster-secret-file',
    });
  }
  await leave(store, entry, { authority });
}

/** What others have sealed stays as it is: a server without the secret must have the same keys already. */
async function checkKept(directory: PkiDirectory, authority: string): Promise<void> {
  const kept = await keptRoots(directory);
  if (kept && rootsHash(kept) === authority) return;
  throw new Error(
    `the store belongs to a cluster with the authority ${authority}, whose keys are not in ${directory.path}: ` +
      'give --cluster-secret-file to take them from the store',
  );
}

async function leave(store: Store, entry: Entry | undefined, record: RootsRecord): Promise<void> {
  const guards = [{ key: rootsKey, revision: entry?.revision ?? 0 }];
  await store.commit({ guards, writes: [{ key: rootsKey, value: Buffer.from(JSON.stringify(record)) }] });
}

function recordOf({ value }: Entry): RootsRecord {
  return JSON.parse(Buffer.from(value).toString('utf8')) as RootsRecord;
}
