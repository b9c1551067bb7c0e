import type { ResourceDefinition } from '../definition.ts';
import type { V1Namespace } from '../gen/types.ts';
import { metadata } from '../validation/metadata.ts';
import { dnsLabel, qualifiedName } from '../validation/names.ts';
import { validations } from '../validation/object.ts';
import type { Rule } from '../validation/rule.ts';
import { ageColumn, nameColumn, text } from './cells.ts';
import { ownStatus } from './strategy.ts';

const NAME_LABEL = 'kubernetes.io/metadata.name';

const finalizers: Rule<V1Namespace> = (namespace, at) => {
  for (const finalizer of namespace.spec?.finalizers ?? []) {
    for (const complaint of qualifiedName(finalizer)) at.invalid(complaint, 'spec', 'finalizers');
    if (!finalizer.includes('/') && finalizer !== 'kubernetes') at.invalid('needs a domain', 'spec', 'finalizers');
  }
};

export const namespaces: ResourceDefinition<V1Namespace> = {
  group: '',
  version: 'v1',
  kind: 'Namespace',
  plural: 'namespaces',
  singular: 'namespace',
  shortNames: ['ns'],
  namespaced: false,
  type: 'V1Namespace',
  verbs: ['create', 'delete', 'get', 'list', 'patch', 'update', 'watch'],
  subresources: [{ name: 'finalize', kind: 'Namespace', verbs: ['update'] }],
  ...ownStatus<V1Namespace>('V1NamespaceStatus'),
  setDefaults(draft) {
    draft.metadata ??= {};
    const meta = draft.metadata;
    if (meta.name) meta.labels = { ...meta.labels, [NAME_LABEL]: meta.name };
    draft.status ??= {};
    draft.status.phase ||= 'Active';
  },
  /** The finalizer keeps a namespace until everything in it is gone. */
  prepareForCreate(draft) {
    draft.status = { phase: 'Active' };
    draft.spec ??= {};
    const finalizers = draft.spec.finalizers ?? [];
    draft.spec.finalizers = finalizers.includes('kubernetes') ? finalizers : [...finalizers, 'kubernetes'];
  },
  prepareForUpdate(draft, previous) {
    draft.spec = { ...draft.spec, finalizers: previous.spec?.finalizers };
    draft.status = previous.status;
  },
  ...validations<V1Namespace>({
    metadata: metadata({ name: dnsLabel, namespaced: false }),
    created: finalizers,
    asNewFirst: true,
    status(namespace, _previous, at) {
      const expected = namespace.metadata?.deletionTimestamp ? 'Terminating' : 'Active';
      if (namespace.status?.phase !== expected) at.invalid(`must be ${expected}`, 'status', 'Phase');
    },
  }),
  columns: [nameColumn, text('Status', 'Phase of the namespace.', (ns) => ns.status?.phase ?? ''), ageColumn],
  selectableFields: {
    'status.phase': (namespace) => namespace.status?.phase ?? '',
  },
};
