import type { Judgement, WeightedPlugin } from './plugin.ts';

/** What a plugin says about one class of pods, under a profile. */
export interface Judging extends Judgement {
  name: string;
  weight: number;
  wakesOn: number;
}

/** Without the filters or the scores that are switched off in the profile. */
export function judgingOf(judgement: Judgement, { plugin, weight, filters = true }: WeightedPlugin): Judging {
  const { name, wakesOn } = plugin;
  const judging = { ...judgement, name, weight, wakesOn };
  if (filters && weight > 0) return judging;
  const { fixed, local, regional } = judgement;
  const off = { ...(filters ? {} : { filter: undefined }), ...(weight > 0 ? {} : { score: undefined }) };
  return {
    ...judging,
    fixed: fixed && { ...fixed, ...off },
    local: local && { ...local, ...off },
    regional: regional && { ...regional, ...off },
  };
}

export const scores = ({ fixed, local, regional }: Judgement) =>
  Boolean(fixed?.score || local?.score || regional?.score);

export const filters = ({ fixed, local, regional }: Judgement) =>
  Boolean(fixed?.filter || local?.filter || regional?.filter);
