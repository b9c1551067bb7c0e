import type { V1PersistentVolume, V1PersistentVolumeClaim } from '../../api/gen/types.ts';

/** Classes of attributes that a claim wants, has, or is being given. */
export function classesOfClaim({ spec, status }: V1PersistentVolumeClaim): string[] {
  const beingGiven = status?.modifyVolumeStatus?.targetVolumeAttributesClassName;
  const names = [spec?.volumeAttributesClassName, status?.currentVolumeAttributesClassName, beingGiven];
  return [...new Set(names.flatMap((name) => (name ? [name] : [])))];
}

export function classesOfVolume({ spec }: V1PersistentVolume): string[] {
  return spec?.volumeAttributesClassName ? [spec.volumeAttributesClassName] : [];
}
