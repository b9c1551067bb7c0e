import type { V1Pod, V1PodAffinityTerm } from '../api/gen/types.ts';
import { labelSelectorOf } from '../api/selectors/label-selector.ts';
import type { LabelSelector } from '../api/selectors/requirement.ts';
import type { AffinityContext, AffinityHolder } from './affinity-holders.ts';
import type { PodTerm, TermDefinition } from './label-classes.ts';

/** A rule about pods in the same domain of a topology. */
export interface AffinityTerm {
  term: PodTerm;
  topologyKey: string;
}

export interface WeightedAffinityTerm extends AffinityTerm {
  /** 1 to 100; negative for anti-affinity. */
  weight: number;
}

export interface PodAffinity {
  required: readonly AffinityTerm[];
  requiredAnti: readonly AffinityTerm[];
  preferred: readonly WeightedAffinityTerm[];
  /** The same rules as they bear on other pods. */
  holders: readonly AffinityHolder[];
}

export function readPodAffinity(pod: V1Pod, context: AffinityContext): PodAffinity {
  const { podAffinity, podAntiAffinity } = pod.spec?.affinity ?? {};
  const read = (term: V1PodAffinityTerm): AffinityTerm => ({
    term: context.classes.term(definitionOf(term, pod)),
    topologyKey: term.topologyKey,
  });
  const weighted = (sign: 1 | -1) => (each: { weight: number; podAffinityTerm: V1PodAffinityTerm }) => ({
    ...read(each.podAffinityTerm),
    weight: each.weight * sign,
  });
  const requiredTerms = podAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
  const requiredAnti = (podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []).map(read);
  const preferred = [
    ...(podAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map(weighted(1)),
    ...(podAntiAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map(weighted(-1)),
  ];
  const { holders } = context;
  return {
    required: readRequired(requiredTerms, pod, context),
    requiredAnti,
    preferred,
    holders: [
      ...requiredAnti.map((rule) => holders.holder({ ...rule, weight: 'forbids' })),
      ...preferred.map((rule) => holders.holder(rule)),
      ...requiredTerms.map((term) => holders.holder({ ...read(term), weight: 'wants' })),
    ],
  };
}

/** Only a pod that meets every required term counts for any of them, so each asks for all. */
function readRequired(terms: readonly V1PodAffinityTerm[], pod: V1Pod, { classes }: AffinityContext): AffinityTerm[] {
  const definitions = terms.map((term) => definitionOf(term, pod));
  const [first, ...others] = definitions;
  if (first === undefined) return [];
  const term = classes.term(others.length === 0 ? first : { ...first, also: others });
  return terms.map(({ topologyKey }) => ({ term, topologyKey }));
}

function definitionOf(term: V1PodAffinityTerm, pod: V1Pod): TermDefinition {
  return {
    namespaces: namespacesOf(term, pod),
    namespaceSelector: term.namespaceSelector && labelSelectorOf(term.namespaceSelector),
    selector: [...labelSelectorOf(term.labelSelector), ...ownLabels(term, pod)],
  };
}

/** The pod's own namespace unless the term names or selects others. */
function namespacesOf(term: V1PodAffinityTerm, pod: V1Pod): string[] {
  const named = [...(term.namespaces ?? [])].sort();
  if (named.length > 0 || term.namespaceSelector !== undefined) return named;
  return [pod.metadata?.namespace ?? ''];
}

/** matchLabelKeys and mismatchLabelKeys say: like, or unlike, this pod's own value. */
function ownLabels(term: V1PodAffinityTerm, pod: V1Pod): LabelSelector {
  const labels = pod.metadata?.labels ?? {};
  const requirement = (operator: 'In' | 'NotIn') => (key: string) => ({ key, operator, values: [labels[key] ?? ''] });
  const isSet = (key: string) => labels[key] !== undefined;
  return [
    ...(term.matchLabelKeys ?? []).filter(isSet).map(requirement('In')),
    ...(term.mismatchLabelKeys ?? []).filter(isSet).map(requirement('NotIn')),
  ];
}
