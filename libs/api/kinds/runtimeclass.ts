import type { ResourceDefinition } from '../definition.ts';
import type { V1Overhead, V1RuntimeClass, V1Scheduling, V1Toleration } from '../gen/types.ts';
import { labels } from '../validation/labels.ts';
import { metadata } from '../validation/metadata.ts';
import { dnsLabel, dnsSubdomain } from '../validation/names.ts';
import { immutable, validations } from '../validation/object.ts';
import { containerResourceName, resourceRequirements } from '../validation/resources.ts';
import { all, fields, type Rule, required, text, unique } from '../validation/rule.ts';
import { tolerations } from '../validation/tolerations.ts';
import { ageColumn, text as column, nameColumn } from './cells.ts';
import { nodeLabelWarnings } from './volume-warnings.ts';

const onlyOnce = unique<V1Toleration>(({ key, operator, value, effect }) => [key, operator, value, effect].join(' '));

const scheduling: Rule<V1Scheduling> = fields<V1Scheduling>({
  nodeSelector: labels,
  tolerations: all<readonly V1Toleration[]>(tolerations, onlyOnce),
});

const overhead: Rule<V1Overhead> = ({ podFixed }, at) =>
  resourceRequirements(containerResourceName)({ limits: podFixed }, at, undefined);

export const runtimeclasses: ResourceDefinition<V1RuntimeClass> = {
  group: 'node.k8s.io',
  version: 'v1',
  kind: 'RuntimeClass',
  plural: 'runtimeclasses',
  updateNeedsVersion: true,
  singular: 'runtimeclass',
  namespaced: false,
  type: 'V1RuntimeClass',
  ...validations<V1RuntimeClass>({
    metadata: metadata({ name: dnsSubdomain, namespaced: false, freeFinalizers: true }),
    created: fields<V1RuntimeClass>({ handler: required(text(dnsLabel)), overhead, scheduling }),
    before: immutable<V1RuntimeClass>('handler'),
    asNewFirst: true,
  }),
  warnings: ({ scheduling }) =>
    Object.keys(scheduling?.nodeSelector ?? {}).flatMap((label) => nodeLabelWarnings(label, 'scheduling.nodeSelector')),
  columns: [nameColumn, column('Handler', '', (object) => object.handler), ageColumn],
};
