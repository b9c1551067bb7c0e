import type { V1Pod } from '../api/gen/types.ts';
import type { WeightedPlugin } from './plugin.ts';
import { defaultPlugins } from './registry.ts';

/** How the pods that name one scheduler are placed. */
export interface Profile {
  schedulerName: string;
  plugins: readonly WeightedPlugin[];
  /** Whether its pods may drive out others of lower priority. */
  preempts: boolean;
}

export const defaultSchedulerName = 'default-scheduler';

/** The scheduler that a pod belongs to, as it is named in events and messages. */
export function schedulerNameOf({ spec }: V1Pod): string {
  return spec?.schedulerName || defaultSchedulerName;
}

export const defaultProfile: Profile = {
  schedulerName: defaultSchedulerName,
  plugins: defaultPlugins,
  preempts: true,
};

/** The profile of the pods that name this scheduler; undefined for those of other schedulers. */
export type ProfileOf = (schedulerName: string | undefined) => Profile | undefined;

/** Pods that name no scheduler belong to the default one. */
export function profilesByName(profiles: readonly Profile[]): ProfileOf {
  const byName = new Map(profiles.map((profile) => [profile.schedulerName, profile]));
  return (name = defaultSchedulerName) => byName.get(name);
}
