import { podsColumn } from '../node-table.ts';
import { type Plugin, wakesOn } from '../plugin.ts';
import { defaultResources, type ScoringStrategy, scorerOf } from '../scoring-strategy.ts';

export const tooManyPods = 'Too many pods';
export const insufficient = (resource: string) => `Insufficient ${resource}`;

/** Admits a pod where its requests are free, and scores nodes by a strategy. */
export const newResourcesFit = (strategy: ScoringStrategy): Plugin => ({
  name: 'NodeResourcesFit',
  wakesOn: wakesOn.nodeAdded | wakesOn.nodeAllocatable | wakesOn.podRemoved | wakesOn.podUpdated,
  judge(shape, _labels, cluster) {
    const { table } = cluster;
    const { columns, amounts } = shape.requests;
    const kinds = columns.length;
    const refusal = (slot: number) => {
      const reasons: string[] = [];
      if (table.requested[podsColumn]![slot]! + 1 > table.allocatable[podsColumn]![slot]!) reasons.push(tooManyPods);
      for (let at = 0; at < kinds; at++) {
        const column = columns[at]!;
        const free = table.allocatable[column]![slot]! - table.requested[column]![slot]!;
        if (amounts[at]! > free) reasons.push(insufficient(table.resourceOf(column)));
      }
      return reasons.join('\n');
    };
    return {
      isResolvable: true,
      // More than the whole node has is not there without other pods either.
      isFinal(slot) {
        for (let at = 0; at < kinds; at++) if (amounts[at]! > table.allocatable[columns[at]!]![slot]!) return true;
        return false;
      },
      local: {
        filter(slot) {
          const { allocatable, requested } = table;
          let fits = requested[podsColumn]![slot]! + 1 <= allocatable[podsColumn]![slot]!;
          for (let at = 0; fits && at < kinds; at++) {
            const column = columns[at]!;
            fits = amounts[at]! <= allocatable[column]![slot]! - requested[column]![slot]!;
          }
          return fits ? undefined : refusal(slot);
        },
        ...scorerOf(strategy, shape, cluster),
      },
    };
  },
});

/** Prefers the nodes with the largest free share of CPU and memory. */
export const resourcesFit = newResourcesFit({ type: 'LeastAllocated', resources: defaultResources });
