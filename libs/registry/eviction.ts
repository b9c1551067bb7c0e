import type { V1DeleteOptions, V1Eviction, V1Pod } from '../api/gen/types.ts';
import { type Clock, rfc3339 } from '../base/clock.ts';
import { isStatus } from '../base/status.ts';
import type { ObjectReader } from '../cache/object-reader.ts';
import { beingProcessed, spendDisruption } from './disruption-budgets.ts';
import { badRequest } from './errors.ts';
import type { DeleteRequest, ResourceService, WriteRequest } from './requests.ts';
import type { SubresourceCreation, SubresourceCreator } from './subresource-creation.ts';

/** How often a pod that changes meanwhile is looked at again. */
const attemptsMax = 20;

const success = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 } as const;

export interface EvictionParts {
  readonly objects: ObjectReader;
  /** Answers for disruption budgets. */
  readonly budgets: ResourceService;
  readonly clock: Clock;
}

/** `POST pods/NAME/eviction`: a deletion that disruption budgets may refuse. */
export function evictionCreator(parts: EvictionParts): SubresourceCreator {
  return async (creation) => {
    const { at, body, served, request } = creation;
    const eviction = body as V1Eviction;
    if (eviction.metadata?.name !== at.name) {
      throw badRequest('name in URL does not match name in Eviction object');
    }
    const options = eviction.deleteOptions ?? {};
    const dryRun = request.dryRun || (options.dryRun?.length ?? 0) > 0;
    for (let attempt = 1; ; attempt++) {
      const pod = (await served.service.get(at)).object as V1Pod;
      const leave = await leaveFor(parts, pod, { ...request, dryRun });
      const asRead = options.preconditions?.resourceVersion === undefined && leave.asItStands;
      try {
        await remove(creation, { pod, options, asRead, dryRun, now: rfc3339(parts.clock.now()) });
        return success;
      } catch (error) {
        if (!asRead || !isStatus(error, 'Conflict')) throw error;
        if (leave.budget !== undefined) throw beingProcessed(leave.budget);
        if (attempt >= attemptsMax) throw error;
      }
    }
  };
}

/** Leave to go. `asItStands`: only while the pod is as it was looked at, since it might have become worth guarding. */
interface Leave {
  readonly asItStands: boolean;
  readonly budget?: string;
}

/** @throws StatusError TooManyRequests when the pod's budget has nothing to spend. */
async function leaveFor(parts: EvictionParts, pod: V1Pod, request: WriteRequest): Promise<Leave> {
  const { phase } = pod.status ?? {};
  // What no longer serves, or does not serve yet, harms nobody by going.
  if (phase === 'Succeeded' || phase === 'Failed' || pod.metadata?.deletionTimestamp) return { asItStands: false };
  if (phase === 'Pending') return { asItStands: true };
  const unguarded = await spendDisruption(parts, pod, request);
  return unguarded === undefined ? { asItStands: false } : { asItStands: true, budget: unguarded };
}

interface Removal {
  readonly pod: V1Pod;
  readonly options: V1DeleteOptions;
  readonly asRead: boolean;
  readonly dryRun: boolean;
  readonly now: string;
}

async function remove({ at, served, request }: SubresourceCreation, removal: Removal): Promise<void> {
  const { pod, options, asRead, dryRun } = removal;
  const { uid, resourceVersion } = options.preconditions ?? {};
  let version = asRead ? pod.metadata?.resourceVersion : resourceVersion;
  if (!dryRun) {
    const marked = await mark({ at, served, request, body: pod }, { version, now: removal.now });
    if (version !== undefined) version = marked;
  }
  await served.service.delete(at, {
    user: request.user,
    warn: request.warn,
    annotate: request.annotate,
    dryRun,
    gracePeriodSeconds: options.gracePeriodSeconds,
    propagationPolicy: options.propagationPolicy as DeleteRequest['propagationPolicy'],
    preconditions: { uid: uid ?? pod.metadata?.uid, resourceVersion: version },
  });
}

/** Says on the pod why it goes, for those who judge by its end; answers with the version that says so. */
async function mark(
  { at, served, request }: SubresourceCreation,
  { version, now }: { version: string | undefined; now: string },
): Promise<string> {
  const condition = {
    type: 'DisruptionTarget',
    status: 'True',
    reason: 'EvictionByEvictionAPI',
    message: 'Eviction API: evicting',
    lastProbeTime: null,
    lastTransitionTime: now,
  };
  const metadata = version === undefined ? {} : { metadata: { resourceVersion: version } };
  const { document } = await served.service.patch(at, {
    ...request,
    dryRun: false,
    isUnowned: true,
    subresource: 'status',
    type: 'strategic',
    body: { ...metadata, status: { conditions: [condition] } },
    complaints: [],
    force: false,
  });
  return String(document.revision);
}
