import { X509Certificate } from 'node:crypto';
import { issueAuthority, type KeyPair, newPrivateKey, newSigningRequest, publicKeyOf } from './issue.ts';
import { publicKeyOfRequest, readSigningRequest, signRequest } from './request.ts';

const nowMs = Date.UTC(2026, 0, 1);
const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const subject = { commonName: 'system:node:n1', organizations: ['system:nodes', 'others'] };

let key: string;
let request: string;
let issuer: KeyPair;
beforeAll(async () => {
  key = await newPrivateKey();
  request = await newSigningRequest(subject, key);
  const authorityKey = await newPrivateKey();
  issuer = { key: authorityKey, certificate: await issueAuthority('test', authorityKey, nowMs) };
});

/** The request with a letter of its subject changed, as if another had sent it. */
function tampered(pem: string): string {
  const bytes = Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ''), 'base64');
  bytes.write('system:node:n2', bytes.indexOf('system:node:n1'));
  return `-----BEGIN CERTIFICATE REQUEST-----\n${bytes.toString('base64')}\n-----END CERTIFICATE REQUEST-----\n`;
}

describe('a signing request', () => {
  it('says who sends it', async () => {
    expect(await readSigningRequest(request)).toEqual({
      ...subject,
      ...{ dnsNames: [], ipAddresses: [], emailAddresses: [], uris: [] },
    });
    expect(await publicKeyOfRequest(request)).toContain(publicKeyOf(key).split('\n')[1]);
  });

  const notPem = 'the certificate signing request is not a PEM encoded PKCS #10 request';
  it.each<[string, () => string, string]>([
    ['nothing', () => '', notPem],
    ['no PEM', () => 'request', notPem],
    ['a certificate', () => issuer.certificate, notPem],
    ['half a request', () => request.slice(0, request.length / 2), notPem],
    ['a changed request', () => tampered(request), 'the certificate signing request is not signed by its own key'],
  ])('is refused with %s by whoever reads it', async (_, text, message) => {
    const wish = { request: text(), usages: [], issuer, lifeMs: hourMs, nowMs };
    await expect(readSigningRequest(text())).rejects.toThrow(message);
    await expect(publicKeyOfRequest(text())).rejects.toThrow(message);
    await expect(signRequest(wish)).rejects.toThrow(message);
  });

  it.each<[readonly string[], readonly string[] | undefined]>([
    [['client auth', 'digital signature'], ['1.3.6.1.5.5.7.3.2']],
    [
      ['server auth', 'client auth'],
      ['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2'],
    ],
    [['digital signature'], undefined],
    [['of no known use'], undefined],
  ])('is certified for %j', async (usages, extended) => {
    const certificate = new X509Certificate(await signRequest({ request, usages, issuer, lifeMs: hourMs, nowMs }));
    expect(certificate.keyUsage).toEqual(extended);
    expect(certificate.subject).toBe('O=system:nodes\nO=others\nCN=system:node:n1');
    expect(certificate.ca).toBe(false);
    expect(certificate.verify(new X509Certificate(issuer.certificate).publicKey)).toBe(true);
  });

  it.each([
    ['a short life is not shortened', hourMs, hourMs],
    ['a long one begins and ends a little earlier', 24 * hourMs, 24 * hourMs - 5 * minuteMs],
  ])('%s', async (_, lifeMs, lastsMs) => {
    const certificate = new X509Certificate(await signRequest({ request, usages: [], issuer, lifeMs, nowMs }));
    expect(Date.parse(certificate.validFrom)).toBe(nowMs - 5 * minuteMs);
    expect(Date.parse(certificate.validTo)).toBe(nowMs + lastsMs);
  });
});
