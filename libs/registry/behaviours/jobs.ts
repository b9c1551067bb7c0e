import type { Behaviour } from '../parts.ts';

/** Jobs keep their pods unless a deletion says otherwise, as batch/v1 has always done. */
export const jobBehaviour: Behaviour = {
  orphansByDefault: true,
  orphaningWarning:
    'child pods are preserved by default when jobs are deleted; ' +
    'set propagationPolicy=Background to remove them or set propagationPolicy=Orphan to suppress this warning',
};
