import { type KubeObject, nameOf, objectKey, type Resource } from '../api/meta.ts';
import { type Gang, type GangRule, gangRule } from './gang.ts';

/** As the coscheduling plugin defines it; the rest of it is not looked at. */
export interface PodGroup extends KubeObject {
  spec?: { minMember?: number; scheduleTimeoutSeconds?: number };
  status?: { phase?: string; scheduled?: number };
}

export const podgroups: Resource<PodGroup> = {
  group: 'scheduling.x-k8s.io',
  version: 'v1alpha1',
  kind: 'PodGroup',
  plural: 'podgroups',
  namespaced: true,
};

/** What objects of the kind PodGroup say, while such objects are served. */
export class PodGroups {
  private readonly rules = new Map<string, GangRule>();
  private isServed = false;

  /** With false all are forgotten, and pods that name one go by themselves. */
  serve(isServed: boolean): void {
    this.isServed = isServed;
    if (!isServed) this.rules.clear();
  }

  /** Whether that changes what its members wait for. */
  set(object: PodGroup): boolean {
    const { minMember, scheduleTimeoutSeconds } = object.spec ?? {};
    const key = objectKey(nameOf(object));
    const rule = gangRule(minMember, scheduleTimeoutSeconds);
    const before = this.rules.get(key);
    this.rules.set(key, rule);
    return before?.minMembers !== rule.minMembers || before.timeoutMs !== rule.timeoutMs;
  }

  remove(object: PodGroup): void {
    this.rules.delete(objectKey(nameOf(object)));
  }

  /** The group that a pod is to be placed with; undefined when it goes by itself. */
  inForce(gang: Gang | undefined): Gang | undefined {
    return gang !== undefined && (gang.rule !== undefined || this.isServed) ? gang : undefined;
  }

  /** Undefined when the object that should say it does not exist. */
  ruleOf({ key, rule }: Gang): GangRule | undefined {
    return rule ?? this.rules.get(key);
  }
}
