import type { Behaviour } from '../parts.ts';

/** Jobs keep their pods unless a deletion says otherwise, as batch/v1 has always done. */
export const jobBehaviour: Behaviour = { orphansByDefault: true };
