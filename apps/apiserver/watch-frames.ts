import type { Document } from '../../libs/cache/document.ts';
import { type CacheEvent, type ChangeType, watchFrame } from '../../libs/cache/event.ts';
import { type ApiObject, encodeProtobuf, encodeProtobufWatchEvent } from '../../libs/wire/kubernetes/encode.ts';
import { type Encoding, protobufType } from './negotiation.ts';
import { protobufFrame, protobufOf } from './protobuf-answers.ts';

/** How the events of a watch are written down. */
export interface WatchFrames {
  readonly contentType: string;
  /** A change, made once for all who watch in this encoding. */
  ofEvent(type: ChangeType, event: CacheEvent): Uint8Array;
  ofDocument(type: ChangeType, document: Document): Uint8Array;
  /** An object that was made for this watch. */
  ofObject(type: string, object: object): Uint8Array;
}

const lines: WatchFrames = {
  contentType: 'application/json',
  ofEvent: (type, event) => event.frame(type),
  ofDocument: (type, document) => watchFrame(type, document.text),
  ofObject: (type, object) => watchFrame(type, Buffer.from(JSON.stringify(object)).toString('latin1')),
};

const messages: WatchFrames = {
  contentType: `${protobufType};stream=watch`,
  ofEvent: protobufFrame,
  ofDocument: (type, document) => encodeProtobufWatchEvent(type, protobufOf(document)),
  ofObject: (type, object) => encodeProtobufWatchEvent(type, encodeProtobuf(object as ApiObject)),
};

export function watchFrames(encoding: Encoding): WatchFrames {
  return encoding === 'protobuf' ? messages : lines;
}
