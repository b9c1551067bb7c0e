import type { ResourceDefinition } from '../definition.ts';
import type { V1ControllerRevision } from '../gen/types.ts';
import { namespacedMetadata } from '../validation/metadata.ts';
import { immutable, validations } from '../validation/object.ts';
import { fields, nonNegative } from '../validation/rule.ts';
import { ageColumn, nameColumn, text } from './cells.ts';

function controllerCell(revision: V1ControllerRevision): string {
  const owner = revision.metadata?.ownerReferences?.find((reference) => reference.controller);
  if (!owner) return '<none>';
  const slash = owner.apiVersion.indexOf('/');
  const group = slash < 0 ? '' : `.${owner.apiVersion.slice(0, slash)}`;
  return `${owner.kind.toLowerCase()}${group}/${owner.name}`;
}

export const controllerrevisions: ResourceDefinition<V1ControllerRevision> = {
  group: 'apps',
  version: 'v1',
  kind: 'ControllerRevision',
  plural: 'controllerrevisions',
  singular: 'controllerrevision',
  namespaced: true,
  type: 'V1ControllerRevision',
  ...validations<V1ControllerRevision>({
    metadata: namespacedMetadata,
    object: fields<V1ControllerRevision>({ revision: nonNegative }),
    created(revision, at) {
      const data: unknown = revision.data;
      if (typeof data !== 'object' || data === null || Array.isArray(data)) at.required('must be an object', 'data');
    },
    after: immutable<V1ControllerRevision>('data'),
    metadataAgain: true,
  }),
  columns: [
    nameColumn,
    text('Controller', 'Whose revision it is.', controllerCell),
    text('Revision', 'Its number.', (revision) => revision.revision ?? 0),
    ageColumn,
  ],
};
