import { podOf } from '../../test/support/test-node.ts';
import type { ImageInfo } from '../runtime/runtime.ts';
import { imagesOfVolumes, imagesToRemove } from './imagegc.ts';

const image: ImageInfo = { id: 'i', tags: [], digests: [], sizeBytes: 10, username: '', pinned: false };

describe('imagesToRemove', () => {
  it('takes the longest unused first, and none that runs, is pinned, new or from no registry', () => {
    const names = ['old', 'older', 'used', 'pinned', 'new', 'ours'];
    const tags = (id: string) => (id === 'ours' ? ['localhost/berth/pause:1'] : []);
    const images = names.map((id) => ({ ...image, id, pinned: id === 'pinned', tags: tags(id) }));
    const lastUsedMs = new Map([
      ['old', 200],
      ['older', 100],
      ['new', 999_999],
    ]);
    const use = { images, used: new Set(['used']), lastUsedMs, nowMs: 1_000_000, ageMsMin: 120_000 };
    const ids = (bytesWanted: number) => imagesToRemove({ ...use, bytesWanted }).map(({ id }) => id);
    expect(ids(10)).toEqual(['older']);
    expect(ids(1000)).toEqual(['older', 'old']);
  });
});

it('images of volumes are used, by the names that the runtime has for them', () => {
  const volumes = ['data', 'example.com/data:2', ''].map((reference, at) => ({ name: `v${at}`, image: { reference } }));
  const pods = [podOf('a', { volumes: [...volumes, { name: 'other', emptyDir: {} }] }), podOf('b')];
  expect(imagesOfVolumes(pods)).toEqual(['docker.io/library/data:latest', 'example.com/data:2']);
});
