import { horizontalpodautoscalers } from '../../../libs/api/kinds/horizontalpodautoscaler.ts';
import { StatusError } from '../../../libs/base/status.ts';
import { type Goal, goals, type Rebalance, rebalance } from '../../../libs/scheduling/foresight/rebalance.ts';
import { World } from '../../../libs/scheduling/foresight/world.ts';
import type { ForesightParts } from './planning.ts';
import { snapshotOf } from './snapshot.ts';

/** Moves that one request may ask for. */
const movesMax = 1000;
const movesDefault = 10;

export interface RebalanceRequest {
  goal?: Goal;
  maxMoves?: number;
}

/** Moves that would serve the goal. @throws StatusError BadRequest */
export async function answerRebalance(
  request: RebalanceRequest,
  { control, profiles }: ForesightParts,
): Promise<Rebalance> {
  const { goal = 'empty', maxMoves = movesDefault } = request;
  if (!goals.includes(goal)) throw new StatusError('BadRequest', `goal "${goal}": want ${goals.join(' or ')}`);
  if (!Number.isInteger(maxMoves) || maxMoves < 0 || maxMoves > movesMax) {
    throw new StatusError('BadRequest', `maxMoves ${maxMoves}: want a whole number up to ${movesMax}`);
  }
  const snapshot = await snapshotOf(control);
  const scalers = (await control.list(horizontalpodautoscalers)).items;
  const autoscaled = new Set(
    scalers.map(
      ({ metadata, spec }) => `${spec?.scaleTargetRef.kind}/${metadata?.namespace}/${spec?.scaleTargetRef.name}`,
    ),
  );
  return rebalance(new World(snapshot, profiles), snapshot, { goal, maxMoves, autoscaled });
}
