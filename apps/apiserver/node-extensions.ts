import type { ApiServerExtension } from './extension.ts';
import { type NodeSessionOptions, nodeSessionExtension } from './node-session/extension.ts';
import { streamingExtension } from './streaming/extension.ts';

/** All that the API server needs to have nodes: their sessions, and the streams that reach into their pods. */
export function nodeExtensions(options: NodeSessionOptions): ApiServerExtension[] {
  const sessions = nodeSessionExtension(options);
  return [sessions, streamingExtension({ nodes: sessions.nodes })];
}
