import type { V1CustomResourceDefinition } from '../../api/gen/types.ts';
import { type BackoffPolicy, backoffMs } from '../../base/backoff.ts';
import { type Clock, rfc3339, sleep } from '../../base/clock.ts';
import type { Logger } from '../../base/log.ts';
import { isStatus } from '../../base/status.ts';
import { cleanupFinalizer, withCondition } from '../behaviours/definitions.ts';
import type { Registry } from '../registry.ts';
import type { ResourceService } from '../requests.ts';
import { serverRequest, unlessOvertaken } from '../server-writes.ts';

const definitions = { group: 'apiextensions.k8s.io', version: 'v1', plural: 'customresourcedefinitions' };

export function isTerminating({ metadata }: V1CustomResourceDefinition): boolean {
  return metadata?.deletionTimestamp !== undefined && metadata.finalizers?.includes(cleanupFinalizer) === true;
}

/** The service of the definitions themselves. */
export function definitionService(registry: Registry): ResourceService {
  return registry.resource(definitions.group, definitions.version, definitions.plural)!.service;
}

interface RemovalParts {
  readonly registry: Registry;
  readonly clock: Clock;
  readonly logger: Logger;
  /** The end of the server; what is left to do then is done by the next one. */
  readonly stopping: AbortSignal;
}

/** Asks all instances of a definition that is being deleted to go; lets the definition go once they have. */
export async function removeInstances(crd: V1CustomResourceDefinition, parts: RemovalParts): Promise<void> {
  const { registry, clock } = parts;
  const { group, names, versions } = crd.spec;
  const collection = registry.mirror.collection(group, names.plural);
  const served = versions.find((version) => version.served && registry.resource(group, version.name, names.plural));
  const service = served && registry.resource(group, served.name, names.plural)?.service;
  if (service) await service.deleteCollection({}, serverRequest);
  else await removeUnserved(registry, group, names.plural);
  await registry.mirror.catchUp();
  if (collection.size === 0) return letGo(crd, registry);
  await tellProgress(crd, { registry, clock });
  const watch = collection.watch({}, collection.lastChange, {
    event: () => {
      if (collection.size > 0) return;
      watch.cancel();
      void letGoInTime(crd, parts);
    },
    // Definitions are listed again, too, and those that are being deleted come here anew.
    expired: () => {},
  });
}

/** Instances removed by one transaction when no version of them is served. */
const removedAtOnceMax = 100;

async function removeUnserved(registry: Registry, group: string, plural: string): Promise<void> {
  const keys = Array.from(registry.mirror.collection(group, plural).list({}), ([key]) => key);
  const prefix = `/registry/${group}/${plural}/`;
  for (let start = 0; start < keys.length; start += removedAtOnceMax) {
    const writes = keys.slice(start, start + removedAtOnceMax).map((key) => ({ key: prefix + key, value: null }));
    await registry.writer.commit({ guards: [], writes });
  }
}

async function tellProgress(
  crd: V1CustomResourceDefinition,
  { registry, clock }: { registry: Registry; clock: Clock },
): Promise<void> {
  const conditions = withCondition(crd.status?.conditions, {
    ...{ type: 'Terminating', status: 'True', reason: 'InstanceDeletionInProgress' },
    message: 'CustomResource deletion is in progress',
    lastTransitionTime: rfc3339(clock.now()),
  });
  if (JSON.stringify(conditions) === JSON.stringify(crd.status?.conditions)) return;
  const status = { ...crd.status, conditions };
  const request = { ...serverRequest, subresource: 'status' };
  const body = { object: JSON.parse(JSON.stringify({ ...crd, status })), complaints: [] };
  await unlessOvertaken(definitionService(registry).update({ name: crd.metadata?.name ?? '' }, body, request));
}

/** Attempts to let a definition go while the store is away; after that the next start of a server does it. */
const letGoAttemptsMax = 6;
const letGoBackoff: BackoffPolicy = { initialMs: 100, maxMs: 5_000 };

async function letGoInTime(
  crd: V1CustomResourceDefinition,
  { registry, clock, logger, stopping }: RemovalParts,
): Promise<void> {
  for (let attempt = 1; attempt <= letGoAttemptsMax && !stopping.aborted; attempt++) {
    try {
      return await letGo(crd, registry);
    } catch (error) {
      if (stopping.aborted) return;
      const name = crd.metadata?.name;
      logger.warn('a custom resource definition could not be let go', { name, attempt, error: String(error) });
      if (attempt < letGoAttemptsMax) await sleep(clock, backoffMs(letGoBackoff, attempt), stopping).catch(() => {});
    }
  }
}

async function letGo(crd: V1CustomResourceDefinition, registry: Registry): Promise<void> {
  const name = crd.metadata?.name ?? '';
  const service = definitionService(registry);
  const body = [
    { op: 'test', path: '/metadata/uid', value: crd.metadata?.uid },
    ...(await finalizerRemoval(service, name)),
  ];
  if (body.length === 1) return;
  const patch = { ...serverRequest, type: 'json' as const, body, complaints: [], force: false };
  await unlessOvertaken(service.patch({ name }, patch));
}

async function finalizerRemoval(service: ResourceService, name: string): Promise<object[]> {
  try {
    const { object } = await service.get({ name });
    const at = object.metadata?.finalizers?.indexOf(cleanupFinalizer) ?? -1;
    if (at < 0) return [];
    const path = `/metadata/finalizers/${at}`;
    return [
      { op: 'test', path, value: cleanupFinalizer },
      { op: 'remove', path },
    ];
  } catch (error) {
    if (isStatus(error, 'NotFound')) return [];
    throw error;
  }
}
