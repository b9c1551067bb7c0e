import type { KubeObject } from '../../../libs/api/meta.ts';
import { StatusError } from '../../../libs/base/status.ts';
import { type DrainPlan, drain } from '../../../libs/scheduling/foresight/drain.ts';
import { type Plan, plan } from '../../../libs/scheduling/foresight/plan.ts';
import { policyNames } from '../../../libs/scheduling/foresight/policies.ts';
import { type Change, type Simulation, simulate, UnknownError } from '../../../libs/scheduling/foresight/simulate.ts';
import { World } from '../../../libs/scheduling/foresight/world.ts';
import { type ForesightParts, itemsOf } from './planning.ts';
import { snapshotOf } from './snapshot.ts';

export interface DrainRequest {
  node?: string;
}

/** Where the pods of a node would go. @throws StatusError NotFound */
export async function answerDrain({ node = '' }: DrainRequest, parts: ForesightParts): Promise<DrainPlan> {
  const snapshot = await snapshotOf(parts.control);
  if (!snapshot.nodes.some(({ metadata }) => metadata?.name === node)) {
    throw new StatusError('NotFound', `nodes "${node}" not found`);
  }
  return drain(new World(snapshot, parts.profiles), snapshot, node);
}

export interface SimulationRequest {
  change?: Change;
  /** Applied after the change. */
  objects?: KubeObject[];
  namespace?: string;
}

export interface SimulationAnswer extends Simulation {
  plan?: Plan;
}

/** The cluster's pods on a changed cluster. @throws StatusError BadRequest for what does not exist */
export async function answerSimulation(request: SimulationRequest, parts: ForesightParts): Promise<SimulationAnswer> {
  const { change = {}, objects = [], namespace } = request;
  if (change.policy !== undefined && !policyNames.includes(change.policy)) {
    throw new StatusError('BadRequest', `policy "${change.policy}": want ${policyNames.join(', ')}`);
  }
  const snapshot = await snapshotOf(parts.control);
  const { simulation, world } = simulated(() => simulate(snapshot, change));
  if (objects.length === 0) return simulation;
  const items = await itemsOf({ objects, ...(namespace && { namespace }) }, parts, snapshot);
  return { ...simulation, plan: plan(world, items, snapshot) };
}

function simulated<T>(run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (error instanceof UnknownError) throw new StatusError('BadRequest', error.message);
    throw error;
  }
}
