import type { ResourceDefinition } from '../definition.ts';
import type { V1VolumeAttachment, V1VolumeAttachmentSpec } from '../gen/types.ts';
import { csiDriverName } from '../validation/csi.ts';
import { clusterMetadata } from '../validation/metadata.ts';
import { dnsSubdomain } from '../validation/names.ts';
import { immutable, validations } from '../validation/object.ts';
import { all, alwaysText, fields, present, type Rule } from '../validation/rule.ts';
import { ageColumn, text as column, nameColumn } from './cells.ts';
import { ownStatus } from './strategy.ts';

/** What is attached is a volume by its name or one written out, and not both. */
const source: Rule<V1VolumeAttachmentSpec> = (value, at) => {
  const { inlineVolumeSpec: inline, persistentVolumeName: name } = value.source ?? {};
  if (!inline && name === undefined) return at.required('', 'source');
  if (inline && name !== undefined) return at.forbidden('names one volume only', 'source');
  if (name === undefined) return;
  if (name === '') at.required('', 'source', 'persistentVolumeName');
  for (const complaint of dnsSubdomain(name)) at.invalid(complaint, 'source', 'persistentVolumeName');
};

const spec: Rule<V1VolumeAttachmentSpec> = all<V1VolumeAttachmentSpec>(
  fields<V1VolumeAttachmentSpec>({ attacher: csiDriverName }),
  source,
  fields<V1VolumeAttachmentSpec>({ nodeName: alwaysText(dnsSubdomain) }),
);

export const volumeattachments: ResourceDefinition<V1VolumeAttachment> = {
  group: 'storage.k8s.io',
  version: 'v1',
  kind: 'VolumeAttachment',
  plural: 'volumeattachments',
  updateNeedsVersion: true,
  singular: 'volumeattachment',
  namespaced: false,
  type: 'V1VolumeAttachment',
  ...ownStatus<V1VolumeAttachment>('V1VolumeAttachmentStatus'),
  ...validations<V1VolumeAttachment>({
    metadata: clusterMetadata,
    object: fields<V1VolumeAttachment>({ spec: present(spec) }),
    after: immutable<V1VolumeAttachment>('spec'),
    metadataAgain: true,
    status: () => {},
  }),
  columns: [
    nameColumn,
    { ...column<V1VolumeAttachment>('Attacher', 'Who attaches it.', ({ spec }) => spec.attacher), format: 'name' },
    column('PV', 'The volume.', ({ spec }) => spec.source.persistentVolumeName ?? ''),
    column('Node', 'Where it is attached.', ({ spec }) => spec.nodeName),
    {
      name: 'Attached',
      type: 'boolean',
      description: 'Whether it is.',
      cell: ({ status }) => status?.attached ?? false,
    },
    ageColumn,
  ],
};
