import type { IncomingMessage } from 'node:http';
import { StatusError } from '../../../libs/base/status.ts';
import { offeredStreamProtocols } from '../../../libs/streaming/spdy/accept.ts';
import { asksForWebSocket, offeredProtocols } from '../../../libs/streaming/websocket/upgrade.ts';

const spdyCommand = ['v4.channel.k8s.io', 'v3.channel.k8s.io', 'v2.channel.k8s.io', 'channel.k8s.io'];
const webSocketCommand = [
  'v5.channel.k8s.io',
  'v4.channel.k8s.io',
  'v4.base64.channel.k8s.io',
  'channel.k8s.io',
  'base64.channel.k8s.io',
];
export const tunnelProtocol = 'SPDY/3.1+portforward.k8s.io';
const webSocketForward = [tunnelProtocol, 'v4.channel.k8s.io', 'v4.base64.channel.k8s.io'];
const webSocketLogs = ['binary.k8s.io', 'base64.binary.k8s.io'];
const spdyForward = ['portforward.k8s.io'];

/** The first protocol offered that is served. @throws StatusError Forbidden, as Kubernetes answers. */
function choose(offered: readonly string[], served: readonly string[]): string {
  const chosen = offered.find((protocol) => served.includes(protocol));
  if (chosen !== undefined) return chosen;
  throw new StatusError(
    'Forbidden',
    `unable to negotiate protocol: client supports [${offered.join(' ')}], server supports [${served.join(' ')}]`,
  );
}

export function chooseSpdyProtocol(request: IncomingMessage): string {
  const offered = offeredStreamProtocols(request);
  return offered.length === 0 ? '' : choose(offered, spdyCommand);
}

export function chooseWebSocketProtocol(request: IncomingMessage): string {
  requireWebSocket(request);
  const offered = offeredProtocols(request);
  return offered.length === 0 ? '' : choose(offered, webSocketCommand);
}

export function chooseWebSocketForward(request: IncomingMessage): string {
  requireWebSocket(request);
  const offered = offeredProtocols(request);
  return offered.length === 0 ? 'v4.channel.k8s.io' : choose(offered, webSocketForward);
}

export function chooseWebSocketLogs(request: IncomingMessage): string {
  requireWebSocket(request);
  const offered = offeredProtocols(request);
  return offered.length === 0 ? '' : choose(offered, webSocketLogs);
}

export function chooseSpdyForward(request: IncomingMessage): string {
  return choose(offeredStreamProtocols(request), spdyForward);
}

function requireWebSocket(request: IncomingMessage): void {
  if (asksForWebSocket(request)) return;
  throw new StatusError('BadRequest', `unable to upgrade: ${request.headers.upgrade} is not served here`);
}
