import type { ResourceDefinition } from '../api/definition.ts';
import type { KubeObject, ObjectMeta, ObjectName } from '../api/meta.ts';
import { apiVersionOf } from '../api/meta.ts';
import { sameValue } from '../api/validation/equality.ts';
import { type Clock, rfc3339 } from '../base/clock.ts';
import { type Random, randomSuffix } from '../base/random.ts';
import { badRequest, invalid } from './errors.ts';

/** Names are cut so that a generated suffix fits. */
const generatedNameBaseLettersMax = 58;

/** Metadata of an object whose identity the draft must have; made when the body has none. */
export function metadataOf(draft: KubeObject): ObjectMeta {
  draft.metadata ??= {};
  return draft.metadata;
}

/** Puts the object where the URL says. @throws StatusError BadRequest when the body says otherwise. */
export function place(definition: ResourceDefinition, draft: KubeObject, at: Partial<ObjectName>): void {
  const metadata = metadataOf(draft);
  if (definition.namespaced) {
    if (metadata.namespace && metadata.namespace !== at.namespace) {
      throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
    }
    metadata.namespace = at.namespace;
  } else metadata.namespace = undefined;
  if (at.name === undefined) return;
  if (!metadata.name) metadata.name = at.name;
  if (metadata.name !== at.name) {
    throw badRequest(`the name of the object (${metadata.name}) does not match the name on the URL (${at.name})`);
  }
}

/** Refuses a body of another kind and completes one that does not say what it is. @throws StatusError BadRequest. */
export function checkKind(expected: { group: string; version: string; kind: string }, draft: KubeObject): void {
  const apiVersion = apiVersionOf(expected);
  draft.kind ??= expected.kind;
  draft.apiVersion ??= apiVersion;
  if (draft.kind === '') draft.kind = expected.kind;
  if (draft.apiVersion === '') draft.apiVersion = apiVersion;
  if (draft.kind === expected.kind && draft.apiVersion === apiVersion) return;
  const name = draft.metadata?.name ?? '';
  throw badRequest(
    `${expected.kind} in version "${expected.version}" cannot be handled as the body's ` +
      `${draft.apiVersion}, Kind=${draft.kind} (name "${name}")`,
  );
}

/** Nothing is made to be deleted; run first, so that nobody comes to own what is not kept. */
export function forgetDeletion(draft: KubeObject): void {
  const metadata = metadataOf(draft);
  metadata.deletionTimestamp = undefined;
  metadata.deletionGracePeriodSeconds = undefined;
}

/** What the server alone decides about a new object. */
export function stampNew(definition: ResourceDefinition, draft: KubeObject, { clock, random }: Stampers): void {
  const metadata = metadataOf(draft);
  metadata.uid = random.uuid();
  metadata.creationTimestamp = rfc3339(clock.now());
  metadata.selfLink = undefined;
  if (definition.hasGeneration) metadata.generation = 1;
}

export interface Stampers {
  readonly clock: Clock;
  readonly random: Random;
}

/** Lets each owner be named once, and tells who named one again. */
export function dedupeOwners(draft: KubeObject, warn: (text: string) => void): void {
  const { ownerReferences: owners } = metadataOf(draft);
  if (!owners || owners.length < 2) return;
  const kept = owners.filter((owner, i) => !owners.slice(0, i).some((other) => sameValue(other, owner)));
  if (kept.length === owners.length) return;
  metadataOf(draft).ownerReferences = kept;
  const twice = owners.filter((owner) => !kept.includes(owner)).map(({ uid }) => uid);
  warn(`metadata.ownerReferences: owners stand there more than once and are kept once: ${twice.join(', ')}`);
}

/** Gives the draft a name when it asks for a generated one; says whether it did. */
export function generateName(draft: KubeObject, random: Random): boolean {
  const metadata = metadataOf(draft);
  if (metadata.name || !metadata.generateName) return false;
  metadata.name = metadata.generateName.slice(0, generatedNameBaseLettersMax) + randomSuffix(random);
  return true;
}

/** What an update cannot say about an object's metadata is carried over from the previous state. */
export function carryMetadata(draft: KubeObject, previous: KubeObject): void {
  const metadata = metadataOf(draft);
  const before = previous.metadata ?? {};
  metadata.uid ||= before.uid;
  metadata.creationTimestamp = before.creationTimestamp;
  metadata.generateName ??= before.generateName;
  metadata.selfLink = undefined;
  metadata.generation = before.generation;
  // Whoever asks for a deletion in this way is refused, since these cannot change.
  if (before.deletionTimestamp) metadata.deletionTimestamp = before.deletionTimestamp;
  metadata.deletionGracePeriodSeconds ??= before.deletionGracePeriodSeconds;
}

/** Counts a change of anything but metadata and status. */
export function countGeneration(definition: ResourceDefinition, draft: KubeObject, previous: KubeObject): void {
  if (!definition.hasGeneration) return;
  if (sameSpecification(draft, previous) && !definition.countsAsChange?.(draft, previous)) return;
  metadataOf(draft).generation = (previous.metadata?.generation ?? 0) + 1;
}

function sameSpecification(a: KubeObject, b: KubeObject): boolean {
  const { metadata: _m1, status: _s1, ...left } = a as KubeObject & { status?: unknown };
  const { metadata: _m2, status: _s2, ...right } = b as KubeObject & { status?: unknown };
  return sameValue(left, right);
}

/** What keys are made of must fit into one, whatever the kind itself asks of its names. */
const nameBytesMax = 1024;
/** Characters that sort alike as text and as bytes, so that pages of a list go on where the last one ended. */
const storable = /^[^\p{Cc}\p{Cs}\u{10000}-\u{10ffff}]*$/u;

/** @throws StatusError Invalid for a name that cannot be stored. */
export function checkStorable(definition: ResourceDefinition, name: string): void {
  if (Buffer.byteLength(name) <= nameBytesMax && storable.test(name)) return;
  const message = `must be at most ${nameBytesMax} bytes of printable characters of the basic plane`;
  throw invalid(definition, name, [{ field: 'metadata.name', reason: 'FieldValueInvalid', message }]);
}
