import type { V1PodSpec, V1Volume } from '../../gen/types.ts';

/** What the parts of a pod need to know of the whole while they are validated. */
export interface PodContext {
  readonly spec: V1PodSpec;
  /** Sound volumes by name. */
  readonly volumes: ReadonlyMap<string, V1Volume>;
  /** Names of the pod's resource claims. */
  readonly claimNames: ReadonlySet<string>;
  /** Whether this is a pod itself and not a template of pods. */
  readonly isPod: boolean;
  /** Whether selectors may hold values that are no label values, since the stored object does. */
  readonly looseSelectors: boolean;
  /** The same for required node affinity. */
  readonly looseNodeValues: boolean;
}

export const LINUX = 'linux';
export const WINDOWS = 'windows';
