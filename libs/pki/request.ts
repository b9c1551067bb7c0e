import type { Pkcs10CertificateRequest } from '@peculiar/x509';
import type { KeyPair } from './issue.ts';
import { certify, x509 } from './issue.ts';

/** What a signing request says about its sender (RFC 2986). */
export interface SigningRequest {
  readonly commonName: string;
  readonly organizations: readonly string[];
  readonly dnsNames: readonly string[];
  readonly ipAddresses: readonly string[];
  readonly emailAddresses: readonly string[];
  readonly uris: readonly string[];
}

/** Reads a PEM request whose sender holds the key. @throws Error that says what is wrong with it. */
export async function readSigningRequest(pem: string): Promise<SigningRequest> {
  const parsed = await provenRequest(pem);
  const lib = await x509();
  const [commonName = ''] = parsed.subjectName.getField('CN');
  const alternative = parsed.extensions.find((one) => one instanceof lib.SubjectAlternativeNameExtension);
  const names = alternative ? (alternative.names.toJSON() as Array<{ type: string; value: string }>) : [];
  const ofType = (type: string) => names.filter((name) => name.type === type).map(({ value }) => value);
  return {
    commonName,
    organizations: parsed.subjectName.getField('O'),
    dnsNames: ofType('dns'),
    ipAddresses: ofType('ip'),
    emailAddresses: ofType('email'),
    uris: ofType('url'),
  };
}

async function provenRequest(pem: string): Promise<Pkcs10CertificateRequest> {
  const lib = await x509();
  let parsed: Pkcs10CertificateRequest;
  try {
    parsed = new lib.Pkcs10CertificateRequest(pem);
  } catch (error) {
    throw new Error('the certificate signing request is not a PEM encoded PKCS #10 request', { cause: error });
  }
  const proven = await parsed.verify().catch(() => false);
  if (!proven) throw new Error('the certificate signing request is not signed by its own key');
  return parsed;
}

/** The public key (PEM) of a signing request whose sender has proven to hold the private one. @throws Error. */
export async function publicKeyOfRequest(pem: string): Promise<string> {
  return (await provenRequest(pem)).publicKey.toString('pem');
}

export interface RequestedCertificate {
  readonly request: string;
  /** As CertificateSigningRequests name them, such as `client auth`. */
  readonly usages: readonly string[];
  readonly issuer: KeyPair;
  readonly lifeMs: number;
  readonly nowMs: number;
}

const backdateMs = 5 * 60_000;
/** Certificates that last no longer than this are not shortened by what they are backdated. */
const shortLifeMs = 8 * 3_600_000;

/** Certifies a request as it stands: subject, names, key. Whoever calls has looked at them. */
export async function signRequest({ request, usages, issuer, lifeMs, nowMs }: RequestedCertificate): Promise<string> {
  const lib = await x509();
  const parsed = await provenRequest(request);
  const alternative = parsed.extensions.filter((one) => one instanceof lib.SubjectAlternativeNameExtension);
  const keyUsages = usages.reduce((flags, usage) => flags | (keyUsageFlags[usage] ?? 0), 0);
  const extended = usages.flatMap((usage) => extendedUsages[usage] ?? []);
  const lastMs = nowMs + (lifeMs < shortLifeMs ? lifeMs : lifeMs - backdateMs);
  return certify({
    subject: parsed.subjectName.toJSON(),
    publicKey: parsed.publicKey.toString('pem'),
    issuer,
    notBeforeMs: nowMs - backdateMs,
    notAfterMs: lastMs,
    extensions: [
      new lib.BasicConstraintsExtension(false, undefined, true),
      ...(keyUsages === 0 ? [] : [new lib.KeyUsagesExtension(keyUsages, true)]),
      ...(extended.length === 0 ? [] : [new lib.ExtendedKeyUsageExtension(extended)]),
      ...alternative,
    ],
  });
}

/** Bits of KeyUsage (RFC 5280, section 4.2.1.3). */
const keyUsageFlags: Readonly<Record<string, number>> = {
  signing: 1,
  'digital signature': 1,
  'content commitment': 2,
  'key encipherment': 4,
  'data encipherment': 8,
  'key agreement': 16,
  'cert sign': 32,
  'crl sign': 64,
  'encipher only': 128,
  'decipher only': 256,
};

/** Object identifiers of ExtKeyUsage (RFC 5280, section 4.2.1.12, and what vendors have added). */
const extendedUsages: Readonly<Record<string, string>> = {
  any: '2.5.29.37.0',
  'server auth': '1.3.6.1.5.5.7.3.1',
  'client auth': '1.3.6.1.5.5.7.3.2',
  'code signing': '1.3.6.1.5.5.7.3.3',
  'email protection': '1.3.6.1.5.5.7.3.4',
  's/mime': '1.3.6.1.5.5.7.3.4',
  'ipsec end system': '1.3.6.1.5.5.7.3.5',
  'ipsec tunnel': '1.3.6.1.5.5.7.3.6',
  'ipsec user': '1.3.6.1.5.5.7.3.7',
  timestamping: '1.3.6.1.5.5.7.3.8',
  'ocsp signing': '1.3.6.1.5.5.7.3.9',
  'microsoft sgc': '1.3.6.1.4.1.311.10.3.3',
  'netscape sgc': '2.16.840.1.113730.4.1',
};
