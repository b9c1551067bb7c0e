import type { Clock } from '../base/clock.ts';
import type { Random } from '../base/random.ts';
import type { StoreMirror } from '../cache/mirror.ts';
import type { AdmissionPlugin } from './chain.ts';
import { namespaceLifecycle } from './namespace-lifecycle.ts';

export interface AdmissionParts {
  readonly mirror: StoreMirror;
  readonly clock: Clock;
  readonly random: Random;
}

/** Every rule of admission, in the order in which they run. */
export function admissionPlugins(parts: AdmissionParts): readonly AdmissionPlugin[] {
  return [namespaceLifecycle(parts.mirror)];
}
