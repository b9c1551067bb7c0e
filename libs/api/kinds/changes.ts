import type { KubeObject } from '../meta.ts';
import { sameValue } from '../validation/equality.ts';

/** For kinds whose generation counts changes of some metadata as well. */
export function annotationsChange(draft: KubeObject, previous: KubeObject): boolean {
  return !sameValue(draft.metadata?.annotations, previous.metadata?.annotations);
}

export function labelsChange(draft: KubeObject, previous: KubeObject): boolean {
  return !sameValue(draft.metadata?.labels, previous.metadata?.labels);
}
