import type { V1PodSpec, V1PodTemplateSpec } from '../../gen/types.ts';
import { labels } from '../labels.ts';
import { annotations } from '../metadata.ts';
import { below, type Rule } from '../rule.ts';
import { annotationsMatchFields, podAnnotations } from './annotations.ts';
import { type PodSpecOptions, validatePodSpec } from './spec.ts';

/** A template of pods, in every kind that has one. Complaints about its metadata leave `metadata` out. */
export function podTemplate(options: Omit<PodSpecOptions, 'isPod'> = {}): Rule<V1PodTemplateSpec> {
  return (template, at) => {
    const spec = template.spec ?? ({} as V1PodSpec);
    const notes = template.metadata?.annotations;
    below(at, 'labels', template.metadata?.labels, labels, undefined);
    below(at, 'annotations', notes, annotations, undefined);
    at.enter('annotations');
    if (notes) podAnnotations(notes, spec, at);
    at.leave();
    at.enter('spec');
    validatePodSpec(spec, undefined, at, { ...options, isPod: false });
    annotationsMatchFields(template, at);
    if (spec.ephemeralContainers?.length) at.forbidden('not in templates of pods', 'ephemeralContainers');
    at.leave();
  };
}
