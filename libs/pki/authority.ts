import { createHash, createPrivateKey, X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import type { Clock } from '../base/clock.ts';
import { readIfPresent, writeAtomically } from './files.ts';
import {
  issueAuthority,
  issueLeaf,
  type KeyPair,
  newPrivateKey,
  newRsaPrivateKey,
  publicKeyOf,
  type Subject,
} from './issue.ts';

/** Certificates with less life than this left are issued anew at the next start. */
const renewBeforeMs = 30 * 86_400_000;

/** A directory of `<name>.crt` and `<name>.key` files and the clock that says whether they still hold. */
export interface PkiDirectory {
  path: string;
  clock: Clock;
}

/** What a kept leaf certificate must be to be used again. */
export interface LeafWish {
  subject: Subject;
  usage: 'server' | 'client';
  names?: readonly string[];
  /** Whether programs of any make read its key: some know RSA alone. A key that is kept stays as it is. */
  portable?: boolean;
}

/**
 * The authority kept as `name`, made when there is none. The key is written before the certificate, so a certificate
 * without its key was not our doing and is refused: replacing an authority would orphan all that it has signed.
 */
export async function ensureAuthority(directory: PkiDirectory, name: string, commonName: string): Promise<KeyPair> {
  const kept = await readPair(directory, name);
  if (kept.certificate !== undefined) {
    if (kept.key === undefined || !matches(kept.certificate, kept.key)) {
      throw new Error(`${join(directory.path, `${name}.key`)} is missing or not the key of ${name}.crt`);
    }
    return { certificate: kept.certificate, key: kept.key };
  }
  const key = await newPrivateKey();
  const certificate = await issueAuthority(commonName, key, directory.clock.now());
  return await writePair(directory, name, { certificate, key });
}

/** The leaf kept as `name`, issued (again) when it is absent, incomplete, of another issuer, near its end or not as wished. */
export async function ensureLeaf(
  directory: PkiDirectory,
  name: string,
  options: { wish: LeafWish; issuer: KeyPair },
): Promise<KeyPair> {
  const kept = await readPair(directory, name);
  const nowMs = directory.clock.now();
  if (kept.certificate !== undefined && kept.key !== undefined) {
    const pair = { certificate: kept.certificate, key: kept.key };
    if (stillGood(pair, options, nowMs)) return pair;
  }
  const { wish, issuer } = options;
  const key = await (wish.portable ? newRsaPrivateKey() : newPrivateKey());
  const names = wish.names && [...new Set([...wish.names, ...keptNames(kept.certificate)])];
  const certificate = await issueLeaf({ ...wish, names, publicKey: publicKeyOf(key), issuer, nowMs });
  return await writePair(directory, name, { certificate, key });
}

/** The signing key kept as `<name>.key`, with its public half beside it as `<name>.pub`. */
export async function ensureSigningKey(directory: PkiDirectory, name: string): Promise<string> {
  const path = join(directory.path, `${name}.key`);
  const kept = await readIfPresent(path);
  if (kept !== undefined) return kept;
  const key = await newPrivateKey();
  await writeAtomically(join(directory.path, `${name}.pub`), publicKeyOf(key));
  await writeAtomically(path, key);
  return key;
}

/** `sha256:` and the digest of the certificate's public key (DER SPKI): the pin that kubeadm uses too. */
export function authorityHash(certificate: string): string {
  const spki = new X509Certificate(certificate).publicKey.export({ type: 'spki', format: 'der' });
  return `sha256:${createHash('sha256').update(spki).digest('hex')}`;
}

function stillGood(pair: KeyPair, options: { wish: LeafWish; issuer: KeyPair }, nowMs: number): boolean {
  try {
    const certificate = new X509Certificate(pair.certificate);
    const issuer = new X509Certificate(options.issuer.certificate);
    const names = new Set(keptNames(pair.certificate));
    return (
      matches(pair.certificate, pair.key) &&
      certificate.checkIssued(issuer) &&
      certificate.verify(issuer.publicKey) &&
      Date.parse(certificate.validTo) - nowMs > renewBeforeMs &&
      certificate.subject === subjectText(options.wish.subject) &&
      (options.wish.names ?? []).every((name) => names.has(name))
    );
  } catch {
    // An unreadable certificate is as good as none.
    return false;
  }
}

function matches(certificate: string, key: string): boolean {
  try {
    return new X509Certificate(certificate).checkPrivateKey(createPrivateKey(key));
  } catch {
    return false;
  }
}

/** The subject as node:crypto prints it. */
function subjectText(subject: Subject): string {
  return [...(subject.organizations ?? []).map((name) => `O=${name}`), `CN=${subject.commonName}`].join('\n');
}

/** DNS names and addresses that a certificate speaks for. */
function keptNames(certificate: string | undefined): string[] {
  if (certificate === undefined) return [];
  try {
    const text = new X509Certificate(certificate).subjectAltName ?? '';
    return text.split(', ').flatMap((part) => /^(?:DNS|IP Address):(.+)$/.exec(part)?.[1] ?? []);
  } catch {
    return [];
  }
}

async function readPair(directory: PkiDirectory, name: string): Promise<Partial<KeyPair>> {
  const [certificate, key] = await Promise.all(
    ['crt', 'key'].map((kind) => readIfPresent(join(directory.path, `${name}.${kind}`))),
  );
  return { certificate, key };
}

async function writePair(directory: PkiDirectory, name: string, pair: KeyPair): Promise<KeyPair> {
  await writeAtomically(join(directory.path, `${name}.key`), pair.key);
  await writeAtomically(join(directory.path, `${name}.crt`), pair.certificate);
  return pair;
}
