/** Kinds, as group and plural, whose deletion is answered with their last state instead of a Status. */
export const answeredWithDeleted: ReadonlySet<string> = new Set([
  '/pods',
  '/services',
  '/serviceaccounts',
  '/resourcequotas',
  '/persistentvolumes',
  '/persistentvolumeclaims',
  '/podtemplates',
  'storage.k8s.io/storageclasses',
  'storage.k8s.io/csidrivers',
  'storage.k8s.io/csinodes',
  'storage.k8s.io/volumeattachments',
  'storage.k8s.io/volumeattributesclasses',
  'resource.k8s.io/deviceclasses',
  'resource.k8s.io/resourceclaims',
  'resource.k8s.io/resourceclaimtemplates',
  'resource.k8s.io/resourceslices',
]);
