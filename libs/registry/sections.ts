import type { ResourceDefinition } from '../api/definition.ts';
import type { KubeObject } from '../api/meta.ts';
import { cloneJson, equalJson, type Members } from '../api/patch/json-value.ts';
import { schema } from '../api/schema/schema.ts';

/*
 * The sections of an object are its top-level fields: metadata, spec, status, data. The draft of an object's next state
 * shares with the stored object each section that the write leaves as it is. Everything that comes after (form,
 * ownership, generation, what is immutable, whether anything has changed at all) tells by identity that there is
 * nothing to look at, and what stays is neither copied nor parsed.
 *
 * The law that makes it sound: from here on a section is replaced and never written into, unless the draft has one of
 * its own. Defaults are the exception that is none: a stored section has its defaults, so they write nothing into it.
 * sections.test.ts runs every kind over frozen objects, and beside drafts that share nothing.
 */

/**
 * Whether drafts may share before their form and defaults have been seen to: stored objects of built-in kinds have both.
 * Custom kinds change their schema under what is stored, and what is converted is nobody's stored form.
 */
export function storesInForm({ type, storedAs, conversion, complete }: ResourceDefinition): boolean {
  return schema.has(type) && !storedAs && !conversion && !complete;
}

/**
 * A draft that shares all sections of the stored object but those that are about to be changed, without managedFields.
 * @param touched names of sections; undefined for all of them
 */
export function draftOf(stored: KubeObject, touched: ReadonlySet<string> | undefined): KubeObject {
  const draft: Members = {};
  for (const [name, section] of Object.entries(stored)) {
    if (name === 'metadata') draft[name] = metadataWithoutOwnership(section as Members);
    else draft[name] = touched && !touched.has(name) ? section : cloneJson(section);
  }
  return draft as Members & KubeObject;
}

function metadataWithoutOwnership(metadata: Members): Members {
  const copy: Members = {};
  for (const name in metadata) if (name !== 'managedFields') copy[name] = cloneJson(metadata[name]);
  return copy;
}

/**
 * A draft of what a body asks for, which can be made again from the same body: what is equal in the stored object is
 * shared with it, the rest is copied. Through a subresource nobody says who owns what.
 */
export function draftOfBody(body: KubeObject, stored: KubeObject, subresource: string | undefined): KubeObject {
  const before = stored as KubeObject & Members;
  const draft: Members = {};
  for (const [name, section] of Object.entries(body)) {
    if (name !== 'metadata') draft[name] = equalJson(section, before[name]) ? before[name] : cloneJson(section);
    else if (subresource !== undefined) draft[name] = metadataWithoutOwnership(section as Members);
    else draft[name] = metadataOfBody(section as Members, before[name] as Members | undefined);
  }
  return draft as Members & KubeObject;
}

/** The record of ownership is large, is mostly sent back as it was read, and is known already if so. */
function metadataOfBody({ managedFields, ...others }: Members, before: Members = {}): Members {
  const copy = cloneJson(others);
  if (managedFields !== undefined) {
    const known = before.managedFields;
    copy.managedFields = equalJson(managedFields, known) ? known : cloneJson(managedFields);
  }
  return copy;
}

/** Gives the draft the stored object's own sections where they are equal. Metadata stays its own. */
export function shareEqualSections(draft: KubeObject, stored: KubeObject): void {
  const sections = draft as KubeObject & Members;
  const before = stored as KubeObject & Members;
  for (const name of Object.keys(sections)) {
    const section = sections[name];
    if (name === 'metadata' || section === before[name] || typeof section !== 'object') continue;
    if (equalJson(section, before[name])) sections[name] = before[name];
  }
}

/** A draft that shares everything but its metadata, members of which are to be replaced. */
export function withOwnMetadata(stored: KubeObject): KubeObject {
  return { ...stored, metadata: { ...stored.metadata } };
}
