import type { Cluster } from './cluster.ts';
import type { LabelClass } from './label-classes.ts';
import type { PodShape } from './pod-info.ts';
import type { TopologyColumn } from './topology-column.ts';

/** Plugins score nodes from 0 to this; the profile's weights multiply it. */
export const scoreMax = 100;

/** Why a node is refused, in the words of Kubernetes; several reasons are separated by line feeds. */
export type Refusal = string;

/** Kinds of change that may let a waiting pod fit. */
export const wakesOn = {
  nodeAdded: 1,
  nodeAllocatable: 2,
  nodeLabels: 4,
  nodeTaints: 8,
  podRemoved: 16,
  podPlaced: 32,
  namespaceLabels: 64,
  podUpdated: 128,
  volumes: 256,
  podGroups: 512,
} as const;

/** Judges a node, given by its slot in the table. */
export interface Judge {
  filter?(slot: number): Refusal | undefined;
  /** 0 to scoreMax. */
  score?(slot: number): number;
}

/**
 * What a plugin has to say about one class of equal pods. A judgement is kept until what it rests on changes, so each
 * is given at the narrowest of three places:
 * - `fixed` rests on the Node object alone;
 * - `local` also on the pods of that node;
 * - `regional` also on the pods of other nodes in the same domains of `topologies`. It is asked for one node of each
 *   combination of domains at every decision, so it must be quick.
 */
export interface Judgement {
  /** A plugin scores here or at `local`, not at both. */
  fixed?: Judge;
  local?: Judge & {
    /** Changes when local judgements change for other reasons than the node's own. */
    epoch?(): number;
  };
  regional?: Judge & {
    topologies: readonly TopologyColumn[];
    /** Called once before each decision. */
    begin?(): void;
  };
  /** Why no node at all will do, for what the pod itself lacks; every node must be refused then. */
  objection?(): Refusal | undefined;
  /** Whether removing pods could make a refusing node fit. */
  isResolvable: boolean;
  /** Whether this refusal of a resolvable plugin would stand on a node without pods; none does when absent. */
  isFinal?(slot: number, refusal: Refusal): boolean;
  /** Releases what was registered to judge. */
  dispose?(): void;
}

/** One rule of placement. */
export interface Plugin {
  readonly name: string;
  /** Sum of `wakesOn` values. */
  readonly wakesOn: number;
  /** Undefined when the plugin has nothing to say about such pods. */
  judge(shape: PodShape, labels: LabelClass, cluster: Cluster): Judgement | undefined;
}

/** A plugin with its weight in a profile. */
export interface WeightedPlugin {
  plugin: Plugin;
  /** 0 for one that does not score. */
  weight: number;
  /** False for one that only scores; true when absent. */
  filters?: boolean;
}
