import type { WeightedPlugin } from '../plugin.ts';
import { newResourcesFit, resourcesFit } from '../plugins/resources-fit.ts';
import { defaultPlugins } from '../registry.ts';
import { defaultResources, type ScoringStrategy } from '../scoring-strategy.ts';

/** A policy other than the default outweighs the soft wish to spread, as it is meant to. */
const policyWeight = 10;

const strategies: Record<string, ScoringStrategy> = {
  most: { type: 'MostAllocated', resources: defaultResources },
  'requested-to-capacity': {
    type: 'RequestedToCapacityRatio',
    resources: defaultResources,
    // Nodes are filled up to four fifths, then others are preferred: room for bursts stays.
    shape: [
      { utilization: 0, score: 0 },
      { utilization: 80, score: 10 },
      { utilization: 100, score: 0 },
    ],
  },
  fill: { type: 'Fill' },
};

export const policyNames: readonly string[] = ['least', ...Object.keys(strategies)];

/** The default profile with free resources valued by another policy; undefined when there is none of that name. */
export function pluginsOf(policy: string): readonly WeightedPlugin[] | undefined {
  if (policy === 'least') return defaultPlugins;
  const strategy = strategies[policy];
  if (strategy === undefined) return undefined;
  const fit: WeightedPlugin = { plugin: newResourcesFit(strategy), weight: policyWeight };
  return defaultPlugins.map((each) => (each.plugin === resourcesFit ? fit : each));
}
