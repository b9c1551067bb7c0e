import type { V1Pod, V1PodAffinityTerm } from '../../api/gen/types.ts';
import { preferring } from '../../api/kinds/pod/relocation.ts';
import { labelSelectorOf } from '../../api/selectors/label-selector.ts';
import { matchesLabels } from '../../api/selectors/requirement.ts';
import { uidOf, unplaced } from './pods.ts';
import type { World } from './world.ts';

/** A move that has been made in thought, and can be taken back. */
export interface Relocated {
  pod: V1Pod;
  replacement: V1Pod;
  from: string;
}

/** Moves pods in a world one by one, each as a rebalance would: the replacement comes first, then the pod goes. */
export class Relocator {
  private readonly world: World;
  /** Pods whose own rules about others could be broken by a pod that goes. */
  private readonly constrained: V1Pod[];

  constructor(world: World, pods: readonly V1Pod[]) {
    this.world = world;
    this.constrained = pods.filter((pod) => rulesOf(pod).length > 0);
  }

  /**
   * Moves the pod when the scheduler would put its replacement there while the pod still runs, and when afterwards
   * every rule holds that held before. Otherwise nothing is changed.
   */
  move(pod: V1Pod, to: string): Relocated | undefined {
    const { world } = this;
    const from = world.nodeOf(pod);
    if (from === undefined || from === to) return undefined;
    const replacement = preferring(unplaced(pod, `${uidOf(pod)}/again`), to);
    const choice = world.decide(replacement);
    if (choice.kind !== 'node' || choice.nodeName !== to) return undefined;
    const content = this.concerned(pod).filter((other) => this.isContent(other));
    world.remove(pod);
    const holds = world.admits(replacement, to);
    world.place(replacement, to);
    const move = { pod, replacement, from };
    if (holds && content.every((other) => this.isContent(other))) return move;
    this.undo(move);
    return undefined;
  }

  undo({ pod, replacement, from }: Relocated): void {
    this.world.remove(replacement);
    this.world.place(pod, from);
  }

  private concerned(pod: V1Pod): V1Pod[] {
    return this.constrained.filter(
      (other) =>
        other !== pod && rulesOf(other).some((selects) => selects(pod)) && this.world.nodeOf(other) !== undefined,
    );
  }

  private isContent(pod: V1Pod): boolean {
    return this.world.admits(pod, this.world.nodeOf(pod)!);
  }
}

/** What a pod insists on about others, as tests of those: required affinity and spreading. */
function rulesOf(pod: V1Pod): Array<(other: V1Pod) => boolean> {
  const namespace = pod.metadata?.namespace;
  const ofTerm = ({ labelSelector, namespaces, namespaceSelector }: V1PodAffinityTerm) => {
    const selector = labelSelectorOf(labelSelector);
    const isAnywhere = namespaceSelector !== undefined || (namespaces ?? []).length > 0;
    return ({ metadata }: V1Pod) =>
      (isAnywhere || metadata?.namespace === namespace) && matchesLabels(selector, metadata?.labels ?? {});
  };
  const spread = (pod.spec?.topologySpreadConstraints ?? []).filter(
    ({ whenUnsatisfiable }) => whenUnsatisfiable === 'DoNotSchedule',
  );
  return [
    ...(pod.spec?.affinity?.podAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []).map(ofTerm),
    ...spread.map(({ labelSelector }) => ofTerm({ labelSelector, topologyKey: '' } as V1PodAffinityTerm)),
  ];
}
