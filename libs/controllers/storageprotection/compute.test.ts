import type { V1PersistentVolumeClaim } from '../../api/gen/types.ts';
import { classesOfClaim, classesOfVolume } from './compute.ts';

it.each<[string, V1PersistentVolumeClaim, string[]]>([
  ['none', { spec: {} }, []],
  ['the one it wants', { spec: { volumeAttributesClassName: 'a' } }, ['a']],
  ['the one it has', { status: { currentVolumeAttributesClassName: 'b' } }, ['b']],
  [
    'the one it is being given',
    { status: { modifyVolumeStatus: { status: 'InProgress', targetVolumeAttributesClassName: 'c' } } },
    ['c'],
  ],
  ['each once', { spec: { volumeAttributesClassName: 'a' }, status: { currentVolumeAttributesClassName: 'a' } }, ['a']],
])('a claim uses %s', (_, claim, classes) => expect(classesOfClaim(claim)).toEqual(classes));

it('a volume uses its class', () => {
  expect(classesOfVolume({ spec: { volumeAttributesClassName: 'a' } })).toEqual(['a']);
  expect(classesOfVolume({ spec: {} })).toEqual([]);
});
