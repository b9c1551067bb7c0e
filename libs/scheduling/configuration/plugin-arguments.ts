import type { V1NodeAffinity, V1PreferredSchedulingTerm } from '../../api/gen/types.ts';
import type { Plugin } from '../plugin.ts';
import { newInterPodAffinity } from '../plugins/inter-pod-affinity.ts';
import { newNodeAffinity } from '../plugins/node-affinity.ts';
import { newResourcesFit } from '../plugins/resources-fit.ts';
import { newTopologySpread } from '../plugins/topology-spread.ts';
import {
  defaultResources,
  type ScoringStrategy,
  shapeScoreMax,
  type UtilizationPoint,
  type WeightedResource,
} from '../scoring-strategy.ts';
import { type DefaultConstraint, systemConstraints } from '../spread-constraints.ts';
import type { Fields } from './fields.ts';

const weightMax = 100;
const strategyTypes = ['LeastAllocated', 'MostAllocated', 'RequestedToCapacityRatio', 'Fill'] as const;
const operators = ['In', 'NotIn', 'Exists', 'DoesNotExist', 'Gt', 'Lt'] as const;

/** The plugins that take arguments, made from them. Source of the fields: kubescheduler.config.k8s.io/v1. */
export const configurable: Readonly<Record<string, (args: Fields) => Plugin | undefined>> = {
  NodeResourcesFit: (args) => newResourcesFit(args.mapping('scoringStrategy', readStrategy) ?? leastAllocated),
  PodTopologySpread: readSpread,
  InterPodAffinity: (args) =>
    newInterPodAffinity({
      hardPodAffinityWeight: args.whole('hardPodAffinityWeight', { min: 0, max: weightMax }) ?? 1,
      ignoresPreferencesOfOthers: args.boolean('ignorePreferredTermsOfExistingPods') ?? false,
    }),
  DefaultPreemption: passOver('minCandidateNodesPercentage', 'minCandidateNodesAbsolute'),
  VolumeBinding: passOver('bindTimeoutSeconds'),
  NodeAffinity: (args) => newNodeAffinity(args.mapping('addedAffinity', readNodeAffinity) ?? {}),
};

/** Arguments that mean nothing here. */
function passOver(...names: string[]) {
  return (args: Fields): undefined => {
    for (const name of names) args.raw(name);
  };
}

const leastAllocated: ScoringStrategy = { type: 'LeastAllocated', resources: defaultResources };

function readStrategy(fields: Fields): ScoringStrategy {
  const type = fields.choice('type', strategyTypes) ?? 'LeastAllocated';
  if (type === 'Fill') return { type };
  const listed = fields.list('resources', readResource);
  const resources = listed.length > 0 ? listed : defaultResources;
  if (type !== 'RequestedToCapacityRatio') return { type, resources };
  const shape = fields.mapping('requestedToCapacityRatio', (ratio) => readShape(ratio));
  if (shape === undefined) fields.fail('requestedToCapacityRatio', 'required for this type');
  return { type, resources, shape: shape! };
}

function readResource(fields: Fields): WeightedResource {
  const name = fields.string('name');
  if (!name) fields.fail('name', 'required');
  return { name: name!, weight: fields.whole('weight', { min: 1, max: weightMax }) ?? 1 };
}

function readShape(fields: Fields): UtilizationPoint[] {
  let last = -1;
  const points = fields.list('shape', (point) => {
    const utilization = point.whole('utilization', { min: 0, max: 100 }) ?? 0;
    if (utilization <= last) point.fail('utilization', 'must be more than that of the point before');
    last = utilization;
    return { utilization, score: point.whole('score', { min: 0, max: shapeScoreMax }) ?? 0 };
  });
  if (points.length === 0) fields.fail('shape', 'needs at least one point');
  return points;
}

function readSpread(args: Fields): Plugin {
  const type = args.choice('defaultingType', ['System', 'List'] as const) ?? 'System';
  const constraints = args.list('defaultConstraints', readConstraint);
  if (type === 'System' && constraints.length > 0) {
    args.fail('defaultConstraints', 'only with defaultingType List');
  }
  return newTopologySpread(type === 'System' ? systemConstraints : constraints);
}

function readConstraint(fields: Fields): DefaultConstraint {
  const topologyKey = fields.string('topologyKey');
  if (!topologyKey) fields.fail('topologyKey', 'required');
  const maxSkew = fields.whole('maxSkew', { min: 1, max: 2 ** 31 - 1 });
  if (maxSkew === undefined) fields.fail('maxSkew', 'required');
  const when = fields.choice('whenUnsatisfiable', ['DoNotSchedule', 'ScheduleAnyway'] as const);
  if (when === undefined) fields.fail('whenUnsatisfiable', 'required');
  return { topologyKey: topologyKey!, maxSkew: maxSkew!, isRequired: when === 'DoNotSchedule' };
}

function readNodeAffinity(fields: Fields): V1NodeAffinity {
  const required = fields.mapping('requiredDuringSchedulingIgnoredDuringExecution', (terms) => ({
    nodeSelectorTerms: terms.list('nodeSelectorTerms', readTerm),
  }));
  const preferred = fields.list('preferredDuringSchedulingIgnoredDuringExecution', readPreferred);
  return {
    ...(required && { requiredDuringSchedulingIgnoredDuringExecution: required }),
    preferredDuringSchedulingIgnoredDuringExecution: preferred,
  };
}

function readPreferred(fields: Fields): V1PreferredSchedulingTerm {
  const preference = fields.mapping('preference', readTerm);
  if (preference === undefined) fields.fail('preference', 'required');
  return { weight: fields.whole('weight', { min: 1, max: 100 }) ?? 1, preference: preference! };
}

function readTerm(fields: Fields) {
  return {
    matchExpressions: fields.list('matchExpressions', readRequirement),
    matchFields: fields.list('matchFields', readRequirement),
  };
}

function readRequirement(fields: Fields) {
  const key = fields.string('key');
  if (!key) fields.fail('key', 'required');
  const operator = fields.choice('operator', operators);
  if (operator === undefined) fields.fail('operator', 'required');
  const values = fields.raw('values') ?? [];
  if (!Array.isArray(values) || values.some((value) => typeof value !== 'string')) {
    fields.fail('values', 'must be a list of strings');
  }
  return { key: key!, operator: operator!, values: values as string[] };
}
