import type { ResourceDefinition } from '../definition.ts';
import type { V1PodTemplate } from '../gen/types.ts';
import { sameValue } from '../validation/equality.ts';
import { namespacedMetadata } from '../validation/metadata.ts';
import { validations } from '../validation/object.ts';
import { podTemplate } from '../validation/pod/template.ts';
import { fields, present } from '../validation/rule.ts';
import { containerImages, containerNames, formatLabels, nameColumn, text } from './cells.ts';
import { defaultPodTemplate } from './pod/defaults.ts';
import { podSpecWarnings } from './pod/warnings.ts';

export const podtemplates: ResourceDefinition<V1PodTemplate> = {
  group: '',
  version: 'v1',
  kind: 'PodTemplate',
  plural: 'podtemplates',
  singular: 'podtemplate',
  namespaced: true,
  type: 'V1PodTemplate',
  hasGeneration: true,
  setDefaults: (draft) => defaultPodTemplate(draft.template),
  ...validations<V1PodTemplate>({
    metadata: namespacedMetadata,
    object: fields<V1PodTemplate>({ template: present(podTemplate()) }),
  }),
  warnings: (object, previous) =>
    previous && sameValue(object.template, previous.template) ? [] : podSpecWarnings(object.template, 'template'),
  columns: [
    nameColumn,
    text('Containers', 'Names of the containers.', (object) => containerNames(object.template?.spec?.containers)),
    text('Images', 'Images of the containers.', (object) => containerImages(object.template?.spec?.containers)),
    text('Pod Labels', 'Labels of pods made from it.', (object) => formatLabels(object.template?.metadata?.labels)),
  ],
};
