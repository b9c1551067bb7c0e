import { setImmediate } from 'node:timers/promises';
import type { ResourceDefinition } from '../../libs/api/definition.ts';
import { apiVersionOf } from '../../libs/api/meta.ts';
import { assert } from '../../libs/base/assert.ts';
import type { Document } from '../../libs/cache/document.ts';
import type { CacheEvent, ChangeType } from '../../libs/cache/event.ts';
import type { ListAnswer } from '../../libs/registry/requests.ts';
import {
  type ApiObject,
  encodeMessage,
  encodeProtobufWatchEvent,
  envelope,
  hasProtobuf,
  protobufItemHead,
  protobufListHead,
} from '../../libs/wire/kubernetes/encode.ts';
import { listMetadata } from './list-metadata.ts';
import { Recent } from './recent.ts';

/** The message of an object, a text with one letter for each byte: texts cost less memory than Buffers. */
interface Message {
  readonly identity: { readonly apiVersion: string; readonly kind: string };
  readonly text: string;
}

/** What has been encoded lately is kept for those who come together, or list and then watch. */
const keptBytesMax = 32 * 1024 * 1024;
const frames = new WeakMap<CacheEvent, Partial<Record<ChangeType, Buffer>>>();

/** Long lists are encoded in runs of this many objects, so that other requests get their turn. */
const objectsPerTurn = 200;

function encoded(document: Document): Message {
  const object = document.read() as ApiObject;
  const { apiVersion, kind } = object;
  return { identity: { apiVersion, kind }, text: encodeMessage(object).toString('latin1') };
}

const messages = new Recent<Message>(keptBytesMax, ({ text }) => text.length);

function messageOf(document: Document): Message {
  let message = messages.get(document);
  if (!message) {
    message = encoded(document);
    messages.set(document, message);
  }
  return message;
}

/** The object as protobuf: magic bytes, envelope and message. */
export function protobufOf(document: Document): Buffer {
  const { identity, text } = messageOf(document);
  return envelope(identity, Buffer.from(text, 'latin1'));
}

/** One frame of a watch, made once for all watchers. */
export function protobufFrame(type: ChangeType, event: CacheEvent): Buffer {
  let made = frames.get(event);
  if (!made) {
    made = {};
    frames.set(event, made);
  }
  made[type] ??= encodeProtobufWatchEvent(type, protobufOf(event.document(type)));
  return made[type];
}

/** The message, which goes after its use unless it is kept already. */
function passingMessageOf(document: Document): Message {
  return messages.get(document) ?? encoded(document);
}

/** How long messages are, known for as long as their documents are: the length of a list stands before its items. */
const lengths = new WeakMap<Document, number>();

/**
 * The length of all items, each with its head. What is made meanwhile is kept while the list, if it goes on as it has
 * begun, is not longer than what is kept: the messages of longer ones would take the place of all others for nothing.
 */
async function measure(documents: readonly Document[]): Promise<number> {
  let bytes = 0;
  let measured = 0;
  for (const [index, document] of documents.entries()) {
    let length = lengths.get(document);
    if (length === undefined) {
      if (++measured % objectsPerTurn === 0) await setImmediate();
      const fits = bytes * documents.length <= keptBytesMax * index;
      length = (fits ? messageOf(document) : passingMessageOf(document)).text.length;
      lengths.set(document, length);
    }
    bytes += itemHead(length).length + length;
  }
  return bytes;
}

/**
 * A list as texts with one letter for each byte, made from the messages of its items. Those of a list that is longer
 * than what is kept are made once for their lengths and again as they go out, so that they are never there together.
 */
export async function protobufPieces(definition: ResourceDefinition, answer: ListAnswer): Promise<Iterable<string>> {
  const { documents } = answer;
  const itemsBytes = await measure(documents);
  const identity = { apiVersion: apiVersionOf(definition), kind: `${definition.kind}List` };
  const head = protobufListHead({ ...identity, metadata: listMetadata(answer) }, itemsBytes);
  const messageFor = itemsBytes <= keptBytesMax ? messageOf : passingMessageOf;
  return piecesOf(head.toString('latin1'), documents, messageFor);
}

function* piecesOf(
  head: string,
  documents: readonly Document[],
  messageFor: (document: Document) => Message,
): Iterable<string> {
  yield head;
  for (const document of documents) {
    const { text } = messageFor(document);
    assert(text.length === lengths.get(document), 'a message must be as long as it was');
    yield itemHead(text.length);
    yield text;
  }
}

const itemHeads = new Map<number, string>();
const itemHeadsMax = 4_096;

/** Objects of one make are about equally long. */
function itemHead(bytes: number): string {
  let head = itemHeads.get(bytes);
  if (head === undefined) {
    head = protobufItemHead(bytes).toString('latin1');
    if (itemHeads.size >= itemHeadsMax) itemHeads.clear();
    itemHeads.set(bytes, head);
  }
  return head;
}

/** Whether the objects that a request for the resource is answered with have a message. */
export function answersInProtobuf(definition: ResourceDefinition, subresource: string | undefined): boolean {
  const part = definition.subresources?.find(({ name }) => name === subresource);
  if (subresource === 'scale') return true;
  const { group, version, kind } = part
    ? { group: part.group ?? definition.group, version: part.version ?? definition.version, kind: part.kind }
    : definition;
  return hasProtobuf(apiVersionOf({ group, version }), kind);
}
