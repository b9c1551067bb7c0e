import type { KubeObject, ObjectName } from '../api/meta.ts';
import { objectKey } from '../api/meta.ts';
import { sameValue } from '../api/validation/equality.ts';
import { rfc3339 } from '../base/clock.ts';
import { Document } from '../cache/document.ts';
import { conflict, modifiedMeanwhile, notFound, preconditionFailed } from './errors.ts';
import { finalizersFor, markDeleted, mayGo } from './finalization.ts';
import { modifyObject } from './modify.ts';
import { metadataOf } from './object-meta.ts';
import type { AdmissionAttributes, Parts } from './parts.ts';
import type { DeleteAnswer, DeleteRequest } from './requests.ts';
import { withOwnMetadata } from './sections.ts';
import { guardFailureAt, writeAttemptsMax } from './writer.ts';

/** Removes an object, or marks it when something must happen first. @throws StatusError. */
export async function deleteObject(parts: Parts, at: ObjectName, request: DeleteRequest): Promise<DeleteAnswer> {
  await parts.mirror.current();
  warnOfOrphans(parts, request);
  for (let attempt = 1; attempt <= writeAttemptsMax; attempt++) {
    const previous = await permittedToGo(parts, at, request);
    const answer = (await linger(parts, previous, request)) ?? (await remove(parts, previous, request));
    if (answer) return answer;
  }
  throw conflict(parts.definition, at.name, modifiedMeanwhile);
}

/** Says what becomes of dependents where that is seldom what is meant. */
export function warnOfOrphans({ behaviour }: Parts, { propagationPolicy, warn }: DeleteRequest): void {
  if (behaviour.orphaningWarning && !propagationPolicy) warn(behaviour.orphaningWarning);
}

/** The object as it stands, once everybody has agreed to its deletion. @throws StatusError. */
export async function permittedToGo(parts: Parts, at: ObjectName, request: DeleteRequest): Promise<Document> {
  const stored = parts.collection.get(objectKey(at));
  if (!stored) throw notFound(parts.definition, at.name);
  const waiting = parts.view.ready([stored]);
  if (waiting) await waiting;
  const previous = parts.view.shown(stored);
  checkPreconditions(parts, previous, request);
  const attributes: AdmissionAttributes = {
    operation: 'delete',
    definition: parts.definition,
    at,
    object: undefined,
    previous: previous.object,
    request,
    subresource: undefined,
  };
  const admitted = parts.admission.admit(attributes);
  if (admitted) await admitted;
  const validated = parts.admission.validate(attributes);
  if (validated) await validated;
  parts.behaviour.checkDelete?.(previous.object);
  return previous;
}

function checkPreconditions({ definition, behaviour }: Parts, document: Document, request: DeleteRequest): void {
  const { uid, resourceVersion } = request.preconditions ?? {};
  const metadata = document.object.metadata ?? {};
  const name = metadata.name ?? '';
  const failed = behaviour.onlyMarked ? conflict : preconditionFailed;
  if (uid !== undefined && uid !== metadata.uid) {
    throw failed(
      definition,
      name,
      `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${metadata.uid}`,
    );
  }
  if (resourceVersion !== undefined && resourceVersion !== String(document.revision)) {
    throw failed(
      definition,
      name,
      `Precondition failed: ResourceVersion in precondition: ${resourceVersion}, ` +
        `ResourceVersion in object meta: ${document.revision}`,
    );
  }
}

/** The state that the deletion begins with; undefined when the object may go at once. */
function lingering(parts: Parts, previous: Document, request: DeleteRequest): KubeObject | undefined {
  const { behaviour, clock } = parts;
  const grace = Math.max(0, behaviour.gracePeriodSeconds?.(previous.object, request) ?? 0);
  const finalizers = finalizersFor(previous.object, request.propagationPolicy, behaviour);
  if (grace === 0 && finalizers.length === 0 && !behaviour.heldBack?.(previous.object)) return undefined;
  const draft = withOwnMetadata(previous.object);
  const metadata = metadataOf(draft);
  metadata.finalizers = finalizers.length > 0 ? finalizers : undefined;
  if (!metadata.deletionTimestamp) {
    if (behaviour.onlyMarked) metadata.deletionTimestamp = rfc3339(clock.now());
    else markDeleted(draft, grace, clock);
    behaviour.markDeleted?.(draft);
  } else if (grace < (metadata.deletionGracePeriodSeconds ?? 0)) {
    shortenGrace(draft, grace);
  }
  return draft;
}

/** The deadline moves by as much as the grace period shrinks. */
function shortenGrace(draft: KubeObject, grace: number): void {
  const metadata = metadataOf(draft);
  const shortenedMs = ((metadata.deletionGracePeriodSeconds ?? 0) - grace) * 1000;
  const deadline = new Date(metadata.deletionTimestamp ?? 0).getTime() - shortenedMs;
  metadata.deletionTimestamp = `${new Date(deadline).toISOString().slice(0, 19)}Z`;
  metadata.deletionGracePeriodSeconds = grace;
}

/** Marks the object where something must happen before it goes; undefined when it may go at once. */
export async function linger(
  parts: Parts,
  previous: Document,
  request: DeleteRequest,
): Promise<DeleteAnswer | undefined> {
  const first = lingering(parts, previous, request);
  if (!first) return undefined;
  const metadata = previous.object.metadata ?? {};
  if (sameValue(first.metadata, metadata)) return { document: previous, uid: metadata.uid ?? '' };
  const { document } = await modifyObject(parts, {
    at: { namespace: metadata.namespace, name: metadata.name ?? '' },
    dryRun: request.dryRun,
    next: (current) => {
      checkPreconditions(parts, current, request);
      const next = lingering(parts, current, request) ?? finished(parts, current);
      return sameValue(next.metadata, current.object.metadata) && !mayGo(next, parts.behaviour) ? undefined : next;
    },
  });
  return { document, uid: metadata.uid ?? '' };
}

/** A state that the writer removes rather than stores. */
function finished(parts: Parts, current: Document): KubeObject {
  const draft = withOwnMetadata(current.object);
  const metadata = metadataOf(draft);
  metadata.finalizers = undefined;
  if (!metadata.deletionTimestamp) markDeleted(draft, 0, parts.clock);
  metadata.deletionGracePeriodSeconds = 0;
  return draft;
}

/** undefined when the object changed meanwhile. */
async function remove(parts: Parts, previous: Document, request: DeleteRequest): Promise<DeleteAnswer | undefined> {
  const { behaviour } = parts;
  const metadata = previous.object.metadata ?? {};
  const at = { namespace: metadata.namespace, name: metadata.name ?? '' };
  const key = parts.view.prefix + objectKey(at);
  const rider = behaviour.reserve?.(undefined, previous.object);
  let revision = previous.revision;
  if (!request.dryRun) {
    try {
      const { writeRevisions } = await parts.writer.commit({
        guards: [{ key, revision: previous.revision }, ...(rider?.guards ?? [])],
        writes: [{ key, value: null }, ...(rider?.writes ?? [])],
      });
      revision = writeRevisions[0]!;
    } catch (error) {
      if (!guardFailureAt(error, key)) throw error;
      await parts.mirror.catchUp();
      return undefined;
    }
  }
  const shown = behaviour.returnsDeleted ? { document: shownDeleted(parts, previous, revision) } : {};
  return { ...shown, uid: metadata.uid ?? '' };
}

function shownDeleted(parts: Parts, previous: Document, revision: number): Document {
  if (!parts.behaviour.gracePeriodSeconds) return previous.at(revision);
  const draft = withOwnMetadata(previous.object);
  const metadata = metadataOf(draft);
  if (!metadata.deletionTimestamp) markDeleted(draft, 0, parts.clock);
  metadata.deletionGracePeriodSeconds = 0;
  metadata.resourceVersion = String(revision);
  return Document.ofObject(draft, revision);
}
