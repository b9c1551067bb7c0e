import type { LabelClasses, PodTerm } from './label-classes.ts';
import { type CountedNodes, NodeCounter } from './node-counter.ts';

/** Pods that carry one rule about other pods: the rule binds those others too. */
export interface AffinityHolder {
  readonly term: PodTerm;
  readonly topologyKey: string;
  /** `forbids` for required anti-affinity, `wants` for required affinity; else what one holder adds to a score. */
  readonly weight: number | 'forbids' | 'wants';
  /** How many holders run on each node. */
  readonly placed: NodeCounter;
}

export class AffinityHolders {
  private readonly byTerm = new Map<number, AffinityHolder[]>();
  private readonly nodes: CountedNodes;
  private readonly classes: LabelClasses;

  constructor(nodes: CountedNodes, classes: LabelClasses) {
    this.nodes = nodes;
    this.classes = classes;
  }

  of(term: PodTerm): readonly AffinityHolder[] {
    return this.byTerm.get(term.id) ?? [];
  }

  /** The one holder of this rule. */
  holder(rule: Omit<AffinityHolder, 'placed'>): AffinityHolder {
    const known = this.of(rule.term);
    const found = known.find(({ topologyKey, weight }) => topologyKey === rule.topologyKey && weight === rule.weight);
    if (found !== undefined) return found;
    const holder = { ...rule, placed: new NodeCounter(this.nodes) };
    this.byTerm.set(rule.term.id, [...known, holder]);
    this.classes.termChanged(rule.term);
    return holder;
  }

  /** Forgets the rules about terms that are no longer counted. */
  keepTerms(kept: ReadonlySet<PodTerm>): void {
    for (const [id, holders] of this.byTerm) {
      if (kept.has(holders[0]!.term)) continue;
      this.byTerm.delete(id);
      for (const { placed } of holders) placed.dispose();
    }
  }
}

/** What the rules of pods about pods are read into. */
export interface AffinityContext {
  classes: LabelClasses;
  holders: AffinityHolders;
}
