import { createPrivateKey, X509Certificate } from 'node:crypto';
import { asks, bodyOf, openScratchRegistry, type ScratchRegistry } from '../../test/support/registry.ts';
import type { V1CertificateSigningRequest } from '../api/gen/types.ts';
import { systemClock } from '../base/clock.ts';
import { issueAuthority, newPrivateKey, newSigningRequest } from '../pki/issue.ts';
import { readSigningRequest, signRequest } from '../pki/request.ts';

const jane = { name: 'jane', uid: '7', groups: ['dev'], extra: { a: ['b'] } };
const path = 'certificates.k8s.io/v1/certificatesigningrequests';

describe('certificate signing requests', () => {
  let scratch: ScratchRegistry;
  let key: string;

  beforeAll(async () => {
    scratch = await openScratchRegistry();
    key = await newPrivateKey();
  });

  afterAll(() => scratch.close());

  const create = async (name: string, { group = 'dev', signerName = 'kubernetes.io/kube-apiserver-client' } = {}) => {
    const pem = await newSigningRequest({ commonName: 'jane', organizations: [group] }, key);
    const request = Buffer.from(pem).toString('base64');
    const spec = { request, signerName, usages: ['client auth'], username: 'somebody else' };
    const kind = 'CertificateSigningRequest';
    const body = bodyOf({ kind, apiVersion: 'certificates.k8s.io/v1', metadata: { name }, spec });
    return (await scratch.service(path).create({}, body, asks({ user: jane }))).object as V1CertificateSigningRequest;
  };
  const update = async (csr: V1CertificateSigningRequest, subresource: string, more: object = {}) => {
    const request = asks({ subresource, ...more });
    const { document } = await scratch.service(path).update({ name: csr.metadata?.name ?? '' }, bodyOf(csr), request);
    return document.object as V1CertificateSigningRequest;
  };
  const condition = (type: string) => ({ type, status: 'True' });

  it('say who has made them', async () => {
    const { spec, status } = await create('mine');
    expect(spec).toMatchObject({ username: 'jane', uid: '7', groups: ['dev'], extra: { a: ['b'] } });
    expect(status).toEqual({});
  });

  it('cannot ask for the masters, nor be unsigned', async () => {
    await expect(create('masters', { group: 'system:masters' })).rejects.toMatchObject({ reason: 'Forbidden' });
    expect((await create('other', { group: 'system:masters', signerName: 'example.com/own' })).spec.signerName).toBe(
      'example.com/own',
    );
    const spec = {
      request: Buffer.from('-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----').toString(
        'base64',
      ),
    };
    const whole = {
      kind: 'CertificateSigningRequest',
      apiVersion: 'certificates.k8s.io/v1',
      metadata: { name: 'broken' },
    };
    const body = bodyOf({ ...whole, spec: { ...spec, signerName: 'example.com/own', usages: ['client auth'] } });
    const refused = scratch.service(path).create({}, body, asks());
    await expect(refused).rejects.toMatchObject({
      reason: 'Invalid',
      details: { causes: [{ field: 'spec.request' }] },
    });
  });

  it('are approved by who may, with dates, and stay so', async () => {
    const csr = await create('approved');
    const wish = { ...csr, status: { conditions: [condition('Approved')], certificate: 'AAAA' } };
    await expect(update(wish, 'approval', { user: jane })).rejects.toMatchObject({
      reason: 'Forbidden',
      message: expect.stringContaining('user not permitted to approve requests with signerName'),
    });
    const approved = await update(wish, 'approval');
    expect(approved.status?.certificate).toBeUndefined();
    const [first] = approved.status?.conditions ?? [];
    expect(first).toMatchObject({
      type: 'Approved',
      lastUpdateTime: expect.any(String),
      lastTransitionTime: expect.any(String),
    });
    await expect(update({ ...approved, status: {} }, 'approval')).rejects.toMatchObject({ reason: 'Invalid' });
    const both = { conditions: [condition('Approved'), condition('Denied')] };
    await expect(update({ ...approved, status: both }, 'approval')).rejects.toMatchObject({ reason: 'Invalid' });
  });

  it('are signed by who may', async () => {
    const csr = await update(
      { ...(await create('signed')), status: { conditions: [condition('Approved')] } },
      'approval',
    );
    const wish = { ...csr, status: { certificate: 'AAAA' } };
    await expect(update(wish, 'status', { user: jane })).rejects.toMatchObject({ reason: 'Forbidden' });
    const signed = await update(wish, 'status');
    expect(signed.status).toMatchObject({ certificate: 'AAAA', conditions: [{ type: 'Approved' }] });
  });
});

describe('the cluster’s authority', () => {
  it('certifies a request as it stands', async () => {
    const [caKey, key] = await Promise.all([newPrivateKey(), newPrivateKey()]);
    const nowMs = systemClock.now();
    const issuer = { certificate: await issueAuthority('ca', caKey, nowMs), key: caKey };
    const request = await newSigningRequest({ commonName: 'jane', organizations: ['a', 'b'] }, key);
    expect(await readSigningRequest(request)).toMatchObject({
      commonName: 'jane',
      organizations: ['a', 'b'],
      dnsNames: [],
    });
    const usages = ['digital signature', 'client auth'];
    const certificate = new X509Certificate(await signRequest({ request, usages, issuer, lifeMs: 3_600_000, nowMs }));
    expect(certificate.subject).toBe('O=a\nO=b\nCN=jane');
    expect(certificate.verify(new X509Certificate(issuer.certificate).publicKey)).toBe(true);
    expect(certificate.checkPrivateKey(createPrivateKey(key))).toBe(true);
    expect(certificate.keyUsage).toEqual(['1.3.6.1.5.5.7.3.2']);
    expect(Date.parse(certificate.validTo) - nowMs).toBeLessThanOrEqual(3_600_000);
  });
});
