import type { ResourceDefinition } from '../definition.ts';
import type { V1VolumeAttachment } from '../gen/types.ts';
import { csiDriverName } from '../validation/csi.ts';
import { clusterMetadata } from '../validation/metadata.ts';
import { dnsSubdomain } from '../validation/names.ts';
import { immutable, validations } from '../validation/object.ts';
import { alwaysText, fields } from '../validation/rule.ts';
import { ageColumn, text as column, nameColumn } from './cells.ts';
import { ownStatus } from './strategy.ts';

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
    object({ spec }, at) {
      fields<{ attacher: string; nodeName: string }>({ attacher: csiDriverName, nodeName: alwaysText(dnsSubdomain) })(
        spec,
        at,
        undefined,
      );
      const { inlineVolumeSpec: inline, persistentVolumeName: name } = spec?.source ?? {};
      if (!inline && name === undefined) at.required('', 'spec', 'source');
      else if (inline && name !== undefined) at.forbidden('names one volume only', 'spec', 'source');
      else if (name === '') at.required('', 'spec', 'source', 'persistentVolumeName');
    },
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
