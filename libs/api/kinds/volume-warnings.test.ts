import { execFileSync } from 'node:child_process';
import type { V1PersistentVolume } from '../gen/types.ts';
import { persistentvolumeclaims } from './persistentvolumeclaim.ts';
import { runtimeclasses } from './runtimeclass.ts';
import { secrets } from './secret.ts';
import { storageclasses } from './storageclass.ts';
import { volumeWarnings } from './volume-warnings.ts';

const annotated = { annotations: { 'volume.beta.kubernetes.io/storage-class': 'old' } };
const key = 'beta.kubernetes.io/arch';
const nodeAffinity = { required: { nodeSelectorTerms: [{ matchExpressions: [{ key, operator: 'Exists' }] }] } };

describe('advice', () => {
  const volumes: ReadonlyArray<readonly [name: string, volume: V1PersistentVolume, about: string[]]> = [
    ['on a plain volume', { spec: { hostPath: { path: '/x' } } }, []],
    ['on an annotation', { metadata: annotated, spec: {} }, ['metadata.annotations[volume.beta']],
    ['on recycling', { spec: { persistentVolumeReclaimPolicy: 'Recycle' } }, ['spec.persistentVolumeReclaimPolicy']],
    ['on labels', { spec: { nodeAffinity } }, ['spec.nodeAffinity.required.nodeSelectorTerms[0].matchExpressions[0]']],
    ['on a kind of volume', { spec: { cephfs: { monitors: ['a'] } } }, ['spec.cephfs']],
  ];
  test.each(volumes)('%s', (_, volume, about) => {
    const warnings = volumeWarnings(volume);
    expect(warnings).toHaveLength(about.length);
    for (const [i, start] of about.entries()) expect(warnings[i]).toContain(start);
  });

  test('on labels in topologies of classes and in selectors of runtimes', () => {
    const allowedTopologies = [{ matchLabelExpressions: [{ key, values: ['a'] }] }];
    expect(storageclasses.warnings?.({ provisioner: 'p', allowedTopologies })).toHaveLength(1);
    expect(runtimeclasses.warnings?.({ handler: 'h', scheduling: { nodeSelector: { [key]: 'a' } } })).toHaveLength(1);
    expect(runtimeclasses.warnings?.({ handler: 'h' })).toHaveLength(0);
  });

  test('on the old class of a claim', () => {
    expect(persistentvolumeclaims.warnings?.({ metadata: annotated, spec: {} })).toHaveLength(1);
  });

  describe('on a pair of keys', () => {
    const make = () =>
      execFileSync(
        'openssl',
        'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout - -days 1 -subj /CN=x'.split(' '),
        { stdio: ['ignore', 'pipe', 'ignore'] },
      ).toString();
    const part = (pem: string, name: string) => {
      const found = new RegExp(`-----BEGIN ${name}-----[^]*-----END ${name}-----\n`).exec(pem)?.[0] ?? '';
      return Buffer.from(found).toString('base64');
    };
    const [one, two] = [make(), make()];
    test.each([
      ['that fits', part(one, 'CERTIFICATE'), part(one, 'PRIVATE KEY'), 0],
      ['of two', part(one, 'CERTIFICATE'), part(two, 'PRIVATE KEY'), 1],
      ['without a certificate', '', part(one, 'PRIVATE KEY'), 1],
      ['without a key', part(one, 'CERTIFICATE'), '', 1],
    ])('%s', (_, certificate, secret, count) => {
      const data = { 'tls.crt': certificate, 'tls.key': secret };
      expect(secrets.warnings?.({ type: 'kubernetes.io/tls', data })).toHaveLength(count);
      expect(secrets.warnings?.({ type: 'Opaque', data })).toHaveLength(0);
    });
  });
});
