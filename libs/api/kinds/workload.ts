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

/** Whether what an object asks for is new: it is new itself, or its generation counts a change. */
export function asksAnew(object: KubeObject, previous: KubeObject | undefined): boolean {
  return previous === undefined || object.metadata?.generation !== previous.metadata?.generation;
}

/** What is told of a workload: of its name when it is new, of its pods whenever it asks for others. */
export function workloadWarnings(object: Workload, previous: Workload | undefined): string[] {
  const ofName = previous ? [] : nameWarnings(object);
  return asksAnew(object, previous) ? [...ofName, ...templateWarnings(object)] : ofName;
}

export const scaleBySelector: ScaleDefinition = {
  specReplicasPath: '.spec.replicas',
  statusReplicasPath: '.status.replicas',
  selectorPath: '.spec.selector',
};
