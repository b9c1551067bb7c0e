import { FieldSet } from './field-set.ts';

type Paths = ReadonlyArray<readonly string[]>;

const status: Paths = [['status']];
const spec: Paths = [['spec']];
const specAndMetadata: Paths = [['spec'], ['metadata']];

/** What a write through a subresource cannot change, where it is not just the specification. */
const exceptions: Readonly<Record<string, Paths>> = {
  'pods/status': [['spec'], ['metadata', 'deletionTimestamp'], ['metadata', 'ownerReferences']],
  'deployments.apps/status': [['spec'], ['metadata', 'labels']],
  'validatingadmissionpolicies.admissionregistration.k8s.io/status': specAndMetadata,
  'flowschemas.flowcontrol.apiserver.k8s.io/status': specAndMetadata,
  'prioritylevelconfigurations.flowcontrol.apiserver.k8s.io/status': specAndMetadata,
  'servicecidrs.networking.k8s.io/status': specAndMetadata,
  'resourceclaims.resource.k8s.io/status': specAndMetadata,
  'volumeattachments.storage.k8s.io/status': specAndMetadata,
  'customresourcedefinitions.apiextensions.k8s.io/status': specAndMetadata,
  // What is asked for never changes, and so belongs to nobody.
  'certificatesigningrequests.certificates.k8s.io/': [['spec'], ['status']],
  'certificatesigningrequests.certificates.k8s.io/status': [['spec'], ['status', 'conditions']],
  'certificatesigningrequests.certificates.k8s.io/approval': [['spec'], ['status', 'certificate']],
  'namespaces/finalize': status,
};

const known = new Map<string, FieldSet>();

const setOf = (paths: Paths) => FieldSet.of(paths.map((path) => path.map((name) => `f:${name}`)));

/**
 * The fields that a write to a resource leaves as they are, so that nobody comes to own them by it: status for the
 * object itself, the specification for its status.
 * @param hasStatus whether status is a subresource with a writer of its own
 */
export function resetFieldsOf(
  resource: { group: string; plural: string; hasStatus?: boolean },
  subresource = '',
): FieldSet {
  const name = resource.group === '' ? resource.plural : `${resource.plural}.${resource.group}`;
  const key = `${name}/${subresource}/${resource.hasStatus === true}`;
  let set = known.get(key);
  if (!set) {
    const usual = subresource === 'status' ? spec : subresource === '' && resource.hasStatus ? status : [];
    set = setOf(exceptions[`${name}/${subresource}`] ?? usual);
    known.set(key, set);
  }
  return set;
}
