import type { AdmissionPlugin } from './chain.ts';

const finalizers: Readonly<Record<string, string>> = {
  persistentvolumeclaims: 'kubernetes.io/pvc-protection',
  persistentvolumes: 'kubernetes.io/pv-protection',
  volumeattributesclasses: 'kubernetes.io/vac-protection',
};

/** Storage in use outlives its deletion: the storage protection controller lets go of it when nobody uses it. */
export const protectStorage: AdmissionPlugin = {
  name: 'StorageObjectInUseProtection',
  resources: ['/persistentvolumeclaims', '/persistentvolumes', 'storage.k8s.io/volumeattributesclasses'],
  admit({ operation, definition, object, subresource }) {
    const finalizer = finalizers[definition.plural];
    const metadata = object?.metadata;
    if (operation !== 'create' || subresource !== undefined || !finalizer || !metadata) return;
    const given = metadata.finalizers ?? [];
    if (!given.includes(finalizer)) metadata.finalizers = [...given, finalizer];
  },
};
