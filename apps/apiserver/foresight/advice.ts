import { nodes } from '../../../libs/api/kinds/node.ts';
import { pods } from '../../../libs/api/kinds/pod.ts';
import type { UserInfo } from '../../../libs/auth/user.ts';
import { isStatus } from '../../../libs/base/status.ts';
import { plan } from '../../../libs/scheduling/foresight/plan.ts';
import { planWarnings } from '../../../libs/scheduling/foresight/warnings.ts';
import { makesPods, type Workload } from '../../../libs/scheduling/foresight/workload.ts';
import { World } from '../../../libs/scheduling/foresight/world.ts';
import type { ProfileOf } from '../../../libs/scheduling/profiles.ts';
import type { DryRun, ExtensionContext } from '../extension.ts';
import { itemOf } from './samples.ts';
import { snapshotOf } from './snapshot.ts';

/** What a dry run would mean for pods, as texts of Warnings. */
export async function adviceOn(
  { object, previous, user }: DryRun,
  context: ExtensionContext,
  profiles: ProfileOf,
): Promise<string[]> {
  // A pod that stands has its place, and without nodes there is nothing to foresee.
  if (!makesPods(object) || (object.kind === 'Pod' && previous !== undefined)) return [];
  if ((await context.client.list(nodes, { limit: 1 })).items.length === 0) return [];
  const snapshot = await snapshotOf(context.client);
  const together = { client: context.client, snapshot, others: [] };
  const item = await itemOf(object as Workload, previous as Workload | undefined, together);
  const [first] = plan(new World(snapshot, profiles), [item], snapshot).objects;
  if (first === undefined) return [];
  const seesAll = first.evicted.length > 0 && (await mayListPods(context, user));
  return planWarnings(first, () => seesAll);
}

async function mayListPods(context: ExtensionContext, user: UserInfo): Promise<boolean> {
  try {
    await context.clientAs(user).list(pods, { limit: 1 });
    return true;
  } catch (error) {
    if (isStatus(error, 'Forbidden')) return false;
    throw error;
  }
}
