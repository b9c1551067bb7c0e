import { createPrivateKey, X509Certificate } from 'node:crypto';

const text = (base64: string | undefined) => Buffer.from(base64 ?? '', 'base64').toString('latin1');

/** What keeps a server from proving itself by this certificate and key (PEM in base64); undefined when nothing does. */
export function keyPairComplaint(certificate: string | undefined, key: string | undefined): string | undefined {
  const pem = text(certificate);
  if (!pem.includes('-----BEGIN CERTIFICATE-----')) return 'tls: there is no certificate in tls.crt';
  try {
    const matches = new X509Certificate(pem).checkPrivateKey(createPrivateKey(text(key)));
    return matches ? undefined : 'tls: the key is not that of the certificate';
  } catch (error) {
    return `tls: ${error instanceof Error ? error.message : error}`;
  }
}
