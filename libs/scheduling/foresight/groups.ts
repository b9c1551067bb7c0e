import type { Cluster } from '../cluster.ts';
import type { PodInfo } from '../pod-info.ts';

/** A group of pods that too few members have found places for. */
export interface ShortGroup {
  members: PodInfo[];
  message: string;
}

/** Groups, among the pods that have been tried, that would hold fewer nodes than they must for any of them to start. */
export function shortGroups(tried: readonly PodInfo[], cluster: Cluster): ShortGroup[] {
  const groups = new Map<string, { members: PodInfo[]; minMembers: number }>();
  for (const info of tried) {
    const { gang } = info;
    const rule = gang && cluster.podGroups.ruleOf(gang);
    if (gang === undefined || rule === undefined) continue;
    const group = groups.get(gang.key) ?? { members: [], minMembers: rule.minMembers };
    group.members.push(info);
    groups.set(gang.key, group);
  }
  return [...groups].flatMap(([key, { members, minMembers }]) => {
    const count = cluster.gangPlaced(key);
    if (count >= minMembers) return [];
    const message = `group ${key} needs places for ${minMembers} members at once and has them for ${count}`;
    return [{ members, message }];
  });
}
