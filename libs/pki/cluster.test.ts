import { createPrivateKey, X509Certificate } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../base/clock.ts';
import { ensureClusterPki } from './cluster.ts';
import { newPrivateKey, newSigningRequest } from './issue.ts';
import { kubeconfigText } from './kubeconfig.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'berth-pki-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const serving = { names: ['one.example'], ips: ['192.0.2.7'] };
const ensure = (names = serving, clock = systemClock) => ensureClusterPki(directory, names, clock);
const later = (ms: number) => ({ ...systemClock, now: () => systemClock.now() + ms });

describe('ensureClusterPki', () => {
  it('makes an authority and what it signs', async () => {
    const pki = await ensure();
    const ca = new X509Certificate(pki.ca.certificate);
    expect(ca.ca).toBe(true);
    expect(pki.caHash).toMatch(/^sha256:[0-9a-f]{64}$/);
    for (const pair of [pki.apiserver, pki.admin, pki.scheduler, pki.controllers, await pki.node('n1')]) {
      const certificate = new X509Certificate(pair.certificate);
      expect(certificate.verify(ca.publicKey)).toBe(true);
      expect(certificate.checkPrivateKey(createPrivateKey(pair.key))).toBe(true);
    }
    expect(new X509Certificate(pki.admin.certificate).subject).toBe('O=system:masters\nCN=kubernetes-admin');
    expect(new X509Certificate((await pki.node('n1')).certificate).subject).toBe('O=system:nodes\nCN=system:node:n1');
  });

  it('gives people a key in the form that programs of any make read', async () => {
    const { admin, scheduler } = await ensure();
    expect(admin.key).toMatch(/^-----BEGIN RSA PRIVATE KEY-----\n/);
    expect(createPrivateKey(scheduler.key).asymmetricKeyType).toBe('ec');
  });

  it('serves by every name that clients use', async () => {
    const certificate = new X509Certificate((await ensure()).apiserver.certificate);
    for (const name of ['one.example', 'localhost', 'kubernetes.default.svc.cluster.local']) {
      expect(certificate.checkHost(name)).toBe(name);
    }
    for (const ip of ['192.0.2.7', '127.0.0.1', '10.96.0.1']) expect(certificate.checkIP(ip)).toBe(ip);
  });

  it('keeps what it made', async () => {
    const first = await ensure();
    const second = await ensure();
    expect(second.ca).toEqual(first.ca);
    expect(second.apiserver).toEqual(first.apiserver);
    expect(second.serviceAccount).toEqual(first.serviceAccount);
  });

  it('writes files for the owner only', async () => {
    await ensure();
    for (const name of await readdir(directory)) expect((await stat(join(directory, name))).mode & 0o777).toBe(0o600);
  });

  it.each([
    ['a serving name is missing', () => ensure({ names: ['two.example'], ips: [] })],
    ['its end is near', () => ensure(serving, later(340 * 86_400_000))],
    ['its key is lost', () => rm(join(directory, 'apiserver.key')).then(() => ensure())],
    ['its key is of another certificate', () => copyKey('admin', 'apiserver').then(() => ensure())],
    ['its certificate is damaged', () => writeFile(join(directory, 'apiserver.crt'), 'x').then(() => ensure())],
    ['its authority is another', () => removeAuthority().then(() => ensure())],
  ])('issues the serving certificate anew when %s', async (_, change) => {
    const before = (await ensure()).apiserver.certificate;
    const after = await change();
    expect(after.apiserver.certificate).not.toBe(before);
    const issuer = new X509Certificate(after.ca.certificate);
    expect(new X509Certificate(after.apiserver.certificate).verify(issuer.publicKey)).toBe(true);
  });

  it('goes on after a kill between the authority key and its certificate', async () => {
    await ensure();
    await removeAuthority();
    await writeFile(join(directory, 'ca.key'), await newPrivateKey());
    const pki = await ensure();
    expect(new X509Certificate(pki.ca.certificate).checkPrivateKey(createPrivateKey(pki.ca.key))).toBe(true);
  });

  it('refuses an authority whose key is lost', async () => {
    await ensure();
    await rm(join(directory, 'ca.key'));
    await expect(ensure()).rejects.toThrow(/ca\.key is missing/);
  });
});

describe('signNodeRequest', () => {
  it('certifies the key under the name of the node, whatever the request says', async () => {
    const pki = await ensure();
    const key = await newPrivateKey();
    const request = await newSigningRequest({ commonName: 'kubernetes-admin', organizations: ['system:masters'] }, key);
    const certificate = new X509Certificate(await pki.signNodeRequest('n2', request));
    expect(certificate.subject).toBe('O=system:nodes\nCN=system:node:n2');
    expect(certificate.checkPrivateKey(createPrivateKey(key))).toBe(true);
  });

  it.each([
    ['no PEM', async () => 'hello', /not a PEM/],
    ['another PEM', async () => newPrivateKey(), /not a PEM/],
    ['a changed request', tamperedRequest, /not signed by its own key|not a PEM/],
  ])('refuses %s', async (_, request, message) => {
    const pki = await ensure();
    await expect(pki.signNodeRequest('n2', await request())).rejects.toMatchObject({
      reason: 'BadRequest',
      message: expect.stringMatching(message),
    });
  });
});

it('writes a kubeconfig that carries everything', async () => {
  const pki = await ensure();
  const text = kubeconfigText({ server: 'https://127.0.0.1:6443', ca: pki.ca.certificate, client: pki.admin });
  expect(text).toContain(Buffer.from(pki.admin.key).toString('base64'));
  expect(text).toContain('current-context: "berth"');
});

async function tamperedRequest(): Promise<string> {
  const request = await newSigningRequest({ commonName: 'x' }, await newPrivateKey());
  const der = Buffer.from(request.replace(/-----[^-]+-----/g, ''), 'base64');
  der[der.length - 3]! ^= 0xff;
  return `-----BEGIN CERTIFICATE REQUEST-----\n${der.toString('base64')}\n-----END CERTIFICATE REQUEST-----\n`;
}

async function copyKey(from: string, to: string): Promise<void> {
  await writeFile(join(directory, `${to}.key`), await readFile(join(directory, `${from}.key`)));
}

async function removeAuthority(): Promise<void> {
  await rm(join(directory, 'ca.crt'));
  await rm(join(directory, 'ca.key'));
}
