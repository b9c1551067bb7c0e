import type { V1Pod } from '../../api/gen/types.ts';
import { keyOfPod, uidOf } from './pods.ts';
import type { Settlement, World } from './world.ts';

export interface Landing {
  pod: string;
  node: string;
}

/** A running pod that would be driven out. */
export interface Displacement {
  pod: string;
  priority: number;
  from: string;
  /** Where its replacement would run. */
  to?: string;
  /** Why its replacement would run nowhere; with neither there is none. */
  message?: string;
}

/** Pods that would wait for the same reason. */
export interface WaitingPods {
  pods: string[];
  message: string;
  /** The smallest change that would let one of them fit. */
  remedy?: string;
}

/** What applying one object would do to pods. */
export interface ObjectPlan {
  /** `Deployment default/web`. */
  object: string;
  namespace: string;
  change: 'creates' | 'grows' | 'shrinks' | 'rolls' | 'keeps' | 'refused';
  /** New pods. */
  placed: Landing[];
  waiting: WaitingPods[];
  evicted: Displacement[];
  /** Its own pods that would go. */
  leaving: Landing[];
  notes: string[];
}

/** Collects what comes of one object, trying its pods in the world. */
export class Draft {
  readonly plan: ObjectPlan;
  readonly world: World;

  constructor(world: World, object: string, namespace: string) {
    this.world = world;
    this.plan = { object, namespace, change: 'creates', placed: [], waiting: [], evicted: [], leaving: [], notes: [] };
  }

  /** Returns those that have found a place; the others wait on, or, with `isTrial`, are given up. */
  place(pods: readonly V1Pod[], isTrial = false): V1Pod[] {
    const settlement = this.world.settle(pods);
    this.noteEvictions(settlement);
    const placed: V1Pod[] = [];
    const groups = new Map<string, WaitingPods>(this.plan.waiting.map((group) => [group.message, group]));
    for (const pod of pods) {
      const outcome = settlement.outcomes.get(uidOf(pod));
      if (outcome === undefined) continue;
      const name = keyOfPod(pod);
      if (outcome.kind === 'node') {
        this.plan.placed.push({ pod: name, node: outcome.nodeName });
        placed.push(pod);
        continue;
      }
      const { message, remedy } = outcome;
      const group = groups.get(message) ?? { pods: [], message, ...(remedy === undefined ? {} : { remedy }) };
      group.pods.push(name);
      groups.set(message, group);
    }
    this.plan.waiting = [...groups.values()];
    if (isTrial) this.world.giveUp(pods);
    return placed;
  }

  leave(pod: V1Pod): void {
    const node = this.world.remove(pod);
    this.world.giveUp([pod]);
    this.plan.leaving.push({ pod: keyOfPod(pod), node: node ?? '' });
  }

  private noteEvictions({ evictions, outcomes }: Settlement): void {
    for (const { victim, nodeName, replacement } of evictions) {
      const then = replacement && outcomes.get(uidOf(replacement));
      this.plan.evicted.push({
        pod: keyOfPod(victim),
        priority: victim.spec?.priority ?? 0,
        from: nodeName,
        ...(then?.kind === 'node' ? { to: then.nodeName } : {}),
        ...(then?.kind === 'waits' ? { message: then.message } : {}),
      });
    }
  }
}
