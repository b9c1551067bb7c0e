import type { ResourceDefinition } from '../../../libs/api/definition.ts';
import { builtinKinds } from '../../../libs/api/kinds/index.ts';
import { apiVersionOf, type KubeObject } from '../../../libs/api/meta.ts';
import { isStatus, StatusError } from '../../../libs/base/status.ts';
import type { Client } from '../../../libs/client/client.ts';
import { type Plan, type PlanItem, plan } from '../../../libs/scheduling/foresight/plan.ts';
import { makesPods, type Workload } from '../../../libs/scheduling/foresight/workload.ts';
import { type Snapshot, World } from '../../../libs/scheduling/foresight/world.ts';
import type { ProfileOf } from '../../../libs/scheduling/profiles.ts';
import { itemOf, type Together } from './samples.ts';
import { snapshotOf } from './snapshot.ts';

const fieldManager = 'berth';

export interface PlanRequest {
  objects: KubeObject[];
  /** For objects that name none. */
  namespace?: string;
}

export interface ForesightParts {
  /** Acts as whoever asks: what they may not apply they cannot plan. */
  own: Client;
  /** Acts as the control plane, whose controllers would make the pods. */
  control: Client;
  profiles: ProfileOf;
}

/** What applying the objects in their order would do. @throws StatusError when they are no list */
export async function answerPlan(request: PlanRequest, parts: ForesightParts): Promise<Plan> {
  const snapshot = await snapshotOf(parts.control);
  const items = await itemsOf(request, parts, snapshot);
  return plan(new World(snapshot, parts.profiles), items, snapshot);
}

/** The objects as the API would take them, each with a pod of it. */
export async function itemsOf(
  { objects, namespace }: PlanRequest,
  { own, control }: ForesightParts,
  snapshot: Snapshot,
): Promise<PlanItem[]> {
  if (!Array.isArray(objects)) throw new StatusError('BadRequest', 'a plan needs a list of objects');
  const items: PlanItem[] = [];
  const others: KubeObject[] = [];
  for (const given of objects) {
    items.push(await itemFor(placed(given, namespace), own, { client: control, snapshot, others }));
    others.push(given);
  }
  return items;
}

function placed(object: KubeObject, namespace = 'default'): KubeObject {
  const definition = definitionOf(object);
  if (!definition?.namespaced || object.metadata?.namespace) return object;
  return { ...object, metadata: { ...object.metadata, namespace } };
}

function definitionOf({ apiVersion, kind }: KubeObject): ResourceDefinition | undefined {
  return builtinKinds.find((each) => each.kind === kind && apiVersionOf(each) === apiVersion);
}

async function itemFor(object: KubeObject, own: Client, together: Together): Promise<PlanItem> {
  const definition = definitionOf(object);
  if (!makesPods(object) || definition === undefined) return { object };
  const { namespace, name = '' } = object.metadata ?? {};
  const isNew = together.others.some((other) => other.kind === 'Namespace' && other.metadata?.name === namespace);
  try {
    const previous = isNew ? undefined : await found(own, definition, { namespace, name });
    const applied = isNew ? defaulted(object, definition) : await dryRun(own, definition, object);
    return await itemOf(applied as Workload, previous as Workload | undefined, together);
  } catch (error) {
    if (!isStatus(error) || error.code >= 500) throw error;
    return { object, refusal: error.message };
  }
}

function defaulted(object: KubeObject, definition: ResourceDefinition): KubeObject {
  const draft = structuredClone(object);
  definition.setDefaults?.(draft);
  return draft;
}

async function dryRun(own: Client, definition: ResourceDefinition, object: KubeObject): Promise<KubeObject> {
  const { namespace, name } = object.metadata ?? {};
  // Without a name there is nothing to apply to: it is made anew each time.
  if (!name) return own.create(definition, object, { dryRun: true });
  const patch = { type: 'apply' as const, body: object, force: true };
  return own.patch(definition, { namespace, name }, patch, { dryRun: true, fieldManager });
}

async function found(
  own: Client,
  definition: ResourceDefinition,
  at: { namespace: string | undefined; name: string },
): Promise<KubeObject | undefined> {
  try {
    return await own.get(definition, at);
  } catch (error) {
    if (isStatus(error, 'NotFound')) return undefined;
    throw error;
  }
}
