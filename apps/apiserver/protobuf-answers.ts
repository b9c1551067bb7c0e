import { setImmediate } from 'node:timers/promises';
import type { ResourceDefinition } from '../../libs/api/definition.ts';
import { apiVersionOf } from '../../libs/api/meta.ts';
import type { Document } from '../../libs/cache/document.ts';
import type { CacheEvent, ChangeType } from '../../libs/cache/event.ts';
import type { ListAnswer } from '../../libs/registry/requests.ts';
import {
  type ApiObject,
  encodeMessage,
  encodeProtobufList,
  encodeProtobufWatchEvent,
  envelope,
  hasProtobuf,
} from '../../libs/wire/kubernetes/encode.ts';
import { listMetadata } from './list-metadata.ts';

/** A complete object; its message, which lists hold, stands at the end. */
interface Encoded {
  readonly bytes: Buffer;
  readonly messageBytes: number;
}

/** Each state of an object is encoded once, for whoever asks first. */
const encoded = new WeakMap<Document, Encoded>();
const frames = new WeakMap<CacheEvent, Partial<Record<ChangeType, Buffer>>>();

/** Long lists are encoded in runs of this many objects, so that other requests get their turn. */
const objectsPerTurn = 200;

function encode(document: Document): Encoded {
  let known = encoded.get(document);
  if (!known) {
    const object = document.read() as ApiObject;
    const message = encodeMessage(object);
    known = { bytes: envelope(object, message), messageBytes: message.length };
    encoded.set(document, known);
  }
  return known;
}

/** The object as protobuf: magic bytes, envelope and message. */
export function protobufOf(document: Document): Buffer {
  return encode(document).bytes;
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

/** A list from the messages of its items. */
export async function protobufList(definition: ResourceDefinition, answer: ListAnswer): Promise<Buffer> {
  const messages: Buffer[] = [];
  for (const document of answer.documents) {
    if (!encoded.has(document) && messages.length % objectsPerTurn === objectsPerTurn - 1) await setImmediate();
    const { bytes, messageBytes } = encode(document);
    messages.push(bytes.subarray(bytes.length - messageBytes));
  }
  const identity = { apiVersion: apiVersionOf(definition), kind: `${definition.kind}List` };
  return encodeProtobufList({ ...identity, metadata: listMetadata(answer) }, messages);
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
