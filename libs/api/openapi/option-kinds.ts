import type { GroupVersionKind } from '../schema/types.ts';

/**
 * Versions of each group in which Kubernetes v1.36 knows options and watch events: also those that it serves no more.
 * Clients that read v2 documents look these kinds up by the version of the object that they delete or watch.
 */
const knownVersions: Readonly<Record<string, string>> = {
  '': 'v1',
  'admission.k8s.io': 'v1 v1beta1',
  'admissionregistration.k8s.io': 'v1 v1alpha1 v1beta1',
  'apiextensions.k8s.io': 'v1 v1beta1',
  'apiregistration.k8s.io': 'v1 v1beta1',
  apps: 'v1 v1beta1 v1beta2',
  'authentication.k8s.io': 'v1 v1alpha1 v1beta1',
  'authorization.k8s.io': 'v1 v1beta1',
  autoscaling: 'v1 v2',
  batch: 'v1 v1beta1',
  'certificates.k8s.io': 'v1 v1alpha1 v1beta1',
  'coordination.k8s.io': 'v1 v1alpha2 v1beta1',
  'discovery.k8s.io': 'v1 v1beta1',
  'events.k8s.io': 'v1 v1beta1',
  extensions: 'v1beta1',
  'flowcontrol.apiserver.k8s.io': 'v1 v1beta1 v1beta2 v1beta3',
  'imagepolicy.k8s.io': 'v1alpha1',
  'internal.apiserver.k8s.io': 'v1alpha1',
  'networking.k8s.io': 'v1 v1beta1',
  'node.k8s.io': 'v1 v1alpha1 v1beta1',
  policy: 'v1 v1beta1',
  'rbac.authorization.k8s.io': 'v1 v1alpha1 v1beta1',
  'resource.k8s.io': 'v1 v1alpha3 v1beta1 v1beta2',
  'scheduling.k8s.io': 'v1 v1alpha2 v1beta1',
  'storage.k8s.io': 'v1 v1alpha1 v1beta1',
  'storagemigration.k8s.io': 'v1beta1',
};

const optionKinds = new Set(['DeleteOptions', 'WatchEvent']);

/**
 * What a kind that stands in every group is called in a document: in all groups where the document is of all, in the core
 * and in the document's own where it is of one.
 */
export function optionKindsOf(kind: string, own?: { group: string; version: string }): GroupVersionKind[] | undefined {
  if (!optionKinds.has(kind)) return undefined;
  const core = { group: '', version: 'v1', kind };
  if (own) return own.group === '' ? [core] : [core, { group: own.group, version: own.version, kind }];
  return Object.entries(knownVersions).flatMap(([group, versions]) =>
    versions.split(' ').map((version) => ({ group, version, kind })),
  );
}
