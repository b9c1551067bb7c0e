import { createCipheriv, createDecipheriv, randomBytes, scryptSync } from 'node:crypto';
import { join } from 'node:path';
import type { Clock } from '../base/clock.ts';
import { authorityHash, ensureAuthority, ensureSigningKey, type PkiDirectory } from './authority.ts';
import { readIfPresent, writeAtomically } from './files.ts';
import { issueAuthority, type KeyPair, newPrivateKey, publicKeyOf } from './issue.ts';

/** What a cluster's identity rests on: all else is signed by it. PEM. */
export interface ClusterRoots {
  readonly ca: KeyPair;
  readonly frontCa: KeyPair;
  readonly serviceAccountKey: string;
}

const authorityNames = { ca: 'berth-ca', frontCa: 'berth-front-ca' };

const saltBytes = 16;
const nonceBytes = 12;
const tagBytes = 16;
const keyBytes = 32;
/** Deriving the key takes about 50 ms and 16 MB: guessing secrets is dear. */
const scryptCost = 16_384;

/** The roots that `directory` keeps, making those that are absent. */
export async function ensureRoots(directory: PkiDirectory): Promise<ClusterRoots> {
  const ca = await ensureAuthority(directory, 'ca', authorityNames.ca);
  const frontCa = await ensureAuthority(directory, 'front-ca', authorityNames.frontCa);
  return { ca, frontCa, serviceAccountKey: await ensureSigningKey(directory, 'sa') };
}

/** The roots that `directory` keeps; undefined when it has no authority yet. */
export async function keptRoots(directory: PkiDirectory): Promise<ClusterRoots | undefined> {
  const certificate = await readIfPresent(join(directory.path, 'ca.crt'));
  return certificate === undefined ? undefined : ensureRoots(directory);
}

/** The roots of a new cluster, kept nowhere yet. */
export async function newRoots(clock: Clock): Promise<ClusterRoots> {
  const [ca, frontCa, serviceAccountKey] = await Promise.all([
    newAuthority(authorityNames.ca, clock),
    newAuthority(authorityNames.frontCa, clock),
    newPrivateKey(),
  ]);
  return { ca, frontCa, serviceAccountKey };
}

async function newAuthority(commonName: string, clock: Clock): Promise<KeyPair> {
  const key = await newPrivateKey();
  return { key, certificate: await issueAuthority(commonName, key, clock.now()) };
}

/** Writes the roots; the CA's certificate comes last, so that a directory that has it has them all. */
export async function writeRoots({ path }: PkiDirectory, roots: ClusterRoots): Promise<void> {
  const write = (name: string, text: string) => writeAtomically(join(path, name), text);
  await write('sa.pub', publicKeyOf(roots.serviceAccountKey));
  await write('sa.key', roots.serviceAccountKey);
  await write('front-ca.key', roots.frontCa.key);
  await write('front-ca.crt', roots.frontCa.certificate);
  await write('ca.key', roots.ca.key);
  await write('ca.crt', roots.ca.certificate);
}

/** The roots under a secret, as base64 of salt, nonce, tag and text (AES-256-GCM, key by scrypt). */
export function sealRoots(roots: ClusterRoots, secret: string): string {
  const salt = randomBytes(saltBytes);
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv('aes-256-gcm', keyOf(secret, salt), nonce);
  const text = Buffer.concat([cipher.update(JSON.stringify(roots), 'utf8'), cipher.final()]);
  return Buffer.concat([salt, nonce, cipher.getAuthTag(), text]).toString('base64');
}

/** Opens what `sealRoots` sealed. @throws Error when the secret is another one, or the text was changed */
export function openRoots(sealed: string, secret: string): ClusterRoots {
  const bytes = Buffer.from(sealed, 'base64');
  const salt = bytes.subarray(0, saltBytes);
  const nonce = bytes.subarray(saltBytes, saltBytes + nonceBytes);
  const tag = bytes.subarray(saltBytes + nonceBytes, saltBytes + nonceBytes + tagBytes);
  const text = bytes.subarray(saltBytes + nonceBytes + tagBytes);
  try {
    const decipher = createDecipheriv('aes-256-gcm', keyOf(secret, salt), nonce);
    decipher.setAuthTag(tag);
    return JSON.parse(Buffer.concat([decipher.update(text), decipher.final()]).toString('utf8')) as ClusterRoots;
  } catch (cause) {
    throw new Error('the cluster secret is not the one that its keys were sealed with', { cause });
  }
}

/** What tells one cluster's roots from another's: `sha256:<hex>` of the CA's public key. */
export const rootsHash = (roots: ClusterRoots): string => authorityHash(roots.ca.certificate);

function keyOf(secret: string, salt: Buffer): Buffer {
  return scryptSync(secret, salt, keyBytes, { N: scryptCost });
}
