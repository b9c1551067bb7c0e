import type { PrinterColumn, ScaleDefinition } from '../definition.ts';
import type { V1LabelSelector, V1PodTemplateSpec } from '../gen/types.ts';
import type { KubeObject } from '../meta.ts';
import { dnsLabel } from '../validation/names.ts';
import { containerImages, containerNames, formatSelector, text, wide } from './cells.ts';
import { podSpecWarnings } from './pod/warnings.ts';

type Workload = KubeObject & { spec?: { selector?: V1LabelSelector; template?: V1PodTemplateSpec } };

/** The columns that workloads show with `-o wide`. */
export function templateColumns<T extends Workload>(): [PrinterColumn<T>, PrinterColumn<T>, PrinterColumn<T>] {
  return [
    wide(text('Containers', 'Names of the containers.', (o) => containerNames(o.spec?.template?.spec?.containers))),
    wide(text('Images', 'Images of the containers.', (o) => containerImages(o.spec?.template?.spec?.containers))),
    wide(text('Selector', 'Labels of its pods.', (o) => formatSelector(o.spec?.selector))),
  ];
}

/** Names of pods are made from the workload's, and host names from theirs. */
export function nameWarnings(object: KubeObject): string[] {
  const odd = dnsLabel(object.metadata?.name ?? '').length > 0;
  return odd ? ['metadata.name: is used in names of pods and hosts, which a DNS label suits better'] : [];
}

export function templateWarnings(object: Workload): string[] {
  return podSpecWarnings(object.spec?.template, 'spec.template');
}

export const scaleBySelector: ScaleDefinition = {
  specReplicasPath: '.spec.replicas',
  statusReplicasPath: '.status.replicas',
  selectorPath: '.spec.selector',
};
