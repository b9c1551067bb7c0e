import {
  createPrivateKey,
  createPublicKey,
  generateKeyPair,
  type KeyObject,
  randomBytes,
  webcrypto,
} from 'node:crypto';
import { isIP } from 'node:net';
import { promisify } from 'node:util';
import type { Extension } from '@peculiar/x509';

/** A certificate and its private key, both as PEM. */
export interface KeyPair {
  certificate: string;
  key: string;
}

export interface Subject {
  commonName: string;
  organizations?: readonly string[];
}

export interface LeafOptions {
  subject: Subject;
  usage: 'server' | 'client';
  /** Subject alternative names; IP addresses are told from DNS names by their form. */
  names?: readonly string[];
  /** PEM of the key to certify. */
  publicKey: string;
  issuer: KeyPair;
  nowMs: number;
}

const dayMs = 86_400_000;
const authorityLifeMs = 3650 * dayMs;
const leafLifeMs = 365 * dayMs;
/** Certificates are valid from a little before now, for machines whose clocks are behind. */
const clockSkewMs = 3_600_000;
const serialBytes = 16;

const rsaBits = 2048;
const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const generate = promisify(generateKeyPair);

/** Loaded at first use: it takes long, and most starts only read what an earlier one issued. */
export async function x509(): Promise<typeof import('@peculiar/x509')> {
  // Its dependency injection asks for this polyfill to stand first.
  await import('reflect-metadata');
  return await import('@peculiar/x509');
}

/** A new ECDSA P-256 private key as PEM (PKCS #8). */
export async function newPrivateKey(): Promise<string> {
  const { privateKey } = await generate('ec', { namedCurve: 'prime256v1' });
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

/** A new RSA private key as PEM (PKCS #1). */
export async function newRsaPrivateKey(): Promise<string> {
  const { privateKey } = await generate('rsa', { modulusLength: rsaBits });
  return privateKey.export({ type: 'pkcs1', format: 'pem' }).toString();
}

/** The public half of a private key, as PEM (SPKI). */
export function publicKeyOf(privateKey: string): string {
  return createPublicKey(privateKey).export({ type: 'spki', format: 'pem' }).toString();
}

/** A self-signed certificate authority. */
export async function issueAuthority(commonName: string, key: string, nowMs: number): Promise<string> {
  const lib = await x509();
  const publicKey = await importPublic(createPublicKey(key));
  const certificate = await lib.X509CertificateGenerator.createSelfSigned({
    serialNumber: newSerial(),
    name: distinguishedName({ commonName }),
    notBefore: new Date(nowMs - clockSkewMs),
    notAfter: new Date(nowMs + authorityLifeMs),
    keys: { privateKey: await importPrivate(key), publicKey },
    signingAlgorithm: algorithm,
    extensions: [
      new lib.BasicConstraintsExtension(true, undefined, true),
      new lib.KeyUsagesExtension(
        lib.KeyUsageFlags.keyCertSign | lib.KeyUsageFlags.cRLSign | lib.KeyUsageFlags.digitalSignature,
        true,
      ),
      await lib.SubjectKeyIdentifierExtension.create(publicKey),
    ],
  });
  return pem(certificate.toString('pem'));
}

/** A certificate for a server or a client, signed by `issuer`. */
export async function issueLeaf(options: LeafOptions): Promise<string> {
  const lib = await x509();
  const usage = options.usage === 'server' ? lib.ExtendedKeyUsage.serverAuth : lib.ExtendedKeyUsage.clientAuth;
  const extensions: Extension[] = [
    new lib.BasicConstraintsExtension(false, undefined, true),
    new lib.KeyUsagesExtension(lib.KeyUsageFlags.digitalSignature, true),
    new lib.ExtendedKeyUsageExtension([usage]),
  ];
  if (options.names && options.names.length > 0) {
    const names = options.names.map((value) => ({ type: isIP(value) ? ('ip' as const) : ('dns' as const), value }));
    extensions.push(new lib.SubjectAlternativeNameExtension(names));
  }
  return certify({
    subject: distinguishedName(options.subject),
    publicKey: options.publicKey,
    issuer: options.issuer,
    notBeforeMs: options.nowMs - clockSkewMs,
    notAfterMs: options.nowMs + leafLifeMs,
    extensions,
  });
}

/** What goes into a certificate, whoever has asked for it. */
export interface Certified {
  readonly subject: Array<Record<string, string[]>>;
  /** PEM. */
  readonly publicKey: string;
  readonly issuer: KeyPair;
  readonly notBeforeMs: number;
  /** Cut to the issuer's own end. */
  readonly notAfterMs: number;
  readonly extensions: Extension[];
}

/** Signs a certificate; its authority's key is named in it. */
export async function certify(wish: Certified): Promise<string> {
  const lib = await x509();
  const authority = new lib.X509Certificate(wish.issuer.certificate);
  const certificate = await lib.X509CertificateGenerator.create({
    serialNumber: newSerial(),
    subject: wish.subject,
    issuer: authority.subjectName,
    notBefore: new Date(wish.notBeforeMs),
    notAfter: new Date(Math.min(wish.notAfterMs, authority.notAfter.getTime())),
    publicKey: new lib.PublicKey(wish.publicKey),
    signingKey: await importPrivate(wish.issuer.key),
    signingAlgorithm: algorithm,
    extensions: [...wish.extensions, await lib.AuthorityKeyIdentifierExtension.create(authority)],
  });
  return pem(certificate.toString('pem'));
}

/** A certificate signing request for `key`, as PEM. */
export async function newSigningRequest(subject: Subject, key: string): Promise<string> {
  const lib = await x509();
  const request = await lib.Pkcs10CertificateRequestGenerator.create({
    name: distinguishedName(subject),
    keys: { privateKey: await importPrivate(key), publicKey: await importPublic(createPublicKey(key)) },
    signingAlgorithm: algorithm,
  });
  return pem(request.toString('pem'));
}

function importPrivate(key: string): Promise<webcrypto.CryptoKey> {
  const der = createPrivateKey(key).export({ type: 'pkcs8', format: 'der' });
  return webcrypto.subtle.importKey('pkcs8', der, algorithm, false, ['sign']);
}

function importPublic(key: KeyObject): Promise<webcrypto.CryptoKey> {
  const der = key.export({ type: 'spki', format: 'der' });
  return webcrypto.subtle.importKey('spki', der, algorithm, true, ['verify']);
}

function distinguishedName(subject: Subject): Array<Record<string, string[]>> {
  const organizations = (subject.organizations ?? []).map((name) => ({ O: [name] }));
  return [...organizations, { CN: [subject.commonName] }];
}

/** Positive, as RFC 5280 asks. */
function newSerial(): string {
  const bytes = randomBytes(serialBytes);
  bytes[0] = (bytes[0]! & 0x7f) | 0x40;
  return bytes.toString('hex');
}

const pem = (text: string) => `${text.trim()}\n`;
