import type { V1PersistentVolumeClaim, V1StorageClass } from '../api/gen/types.ts';
import { amountOf } from '../api/validation/amounts.ts';
import type { ObjectReader } from '../cache/object-reader.ts';
import { forbidden } from '../registry/errors.ts';
import type { AdmissionPlugin } from './chain.ts';

const classAnnotation = 'volume.beta.kubernetes.io/storage-class';

/** A claim may grow once it is bound, if its storage class can enlarge volumes. */
export function claimResizes(objects: ObjectReader): AdmissionPlugin {
  return {
    name: 'PersistentVolumeClaimResize',
    resources: ['/persistentvolumeclaims'],
    validate({ operation, definition, object, previous, subresource }) {
      if (operation !== 'update' || subresource !== undefined) return;
      const [claim, before] = [object as V1PersistentVolumeClaim, previous as V1PersistentVolumeClaim];
      if (sizeOf(claim) <= sizeOf(before)) return;
      const refuse = (why: string) => forbidden(definition, claim.metadata?.name ?? '', why);
      if (before.status?.phase !== 'Bound') throw refuse('Only bound persistent volume claims can be expanded');
      const storageClass = objects.get<V1StorageClass>('storage.k8s.io', 'storageclasses', classOf(claim));
      if (classOf(claim) !== classOf(before) || !storageClass?.allowVolumeExpansion) {
        throw refuse(
          'only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize',
        );
      }
    },
  };
}

function sizeOf({ spec }: V1PersistentVolumeClaim): bigint {
  return amountOf(spec?.resources?.requests?.storage ?? '0');
}

function classOf({ metadata, spec }: V1PersistentVolumeClaim): string {
  return metadata?.annotations?.[classAnnotation] ?? spec?.storageClassName ?? '';
}
