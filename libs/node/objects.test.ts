import { containerOf, podOf } from '../../test/support/observed.ts';
import { referencesOf } from './objects.ts';

describe('referencesOf', () => {
  it('finds every map and secret', () => {
    const container = containerOf('c', {
      envFrom: [{ secretRef: { name: 'a' } }],
      env: [{ name: 'X', valueFrom: { configMapKeyRef: { name: 'b', key: 'k' } } }],
    });
    const volumes = [{ name: 'v', projected: { sources: [{ secret: { name: 'c' } }, { configMap: { name: 'd' } }] } }];
    const { configMaps, secrets } = referencesOf(
      podOf({ initContainers: [container], volumes, imagePullSecrets: [{ name: 'e' }] }),
    );
    expect([[...configMaps], [...secrets]]).toEqual([
      ['b', 'd'],
      ['a', 'c', 'e'],
    ]);
  });
});
