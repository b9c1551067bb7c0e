import type { V1Secret } from '../../../libs/api/gen/types.ts';
import { secrets } from '../../../libs/api/kinds/secret.ts';
import type { Clock } from '../../../libs/base/clock.ts';
import { isStatus, StatusError } from '../../../libs/base/status.ts';
import type { Client } from '../../../libs/client/client.ts';
import { bootstrapTokenName, bootstrapTokenNamespace, checkBootstrapToken } from '../../../libs/pki/bootstrap-token.ts';
import type { ExtensionRequest } from '../extension.ts';

export interface JoinOptions {
  client: Client;
  clock: Clock;
  /** PEM of the cluster's authority. */
  ca: string;
  certify: (nodeName: string, request: string) => Promise<string>;
  /** Whether the node of this name is connected: a token must not be enough to take its place. */
  connected: (nodeName: string) => boolean;
}

export interface JoinAnswer {
  certificate: string;
  ca: string;
}

const nodeNameForm = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const nodeNameCharactersMax = 253;
const idLength = 6;

/** Answers the plain paths under /berth/v1/, which need no credentials: the token is the credential. */
export async function answerJoinPath(request: ExtensionRequest, options: JoinOptions): Promise<unknown> {
  const call = `${request.method} ${request.path}`;
  if (call === 'GET /berth/v1/ca') return { ca: options.ca };
  if (call === 'POST /berth/v1/join') return await join(parse(request.body), options);
  throw new StatusError('NotFound', `${call} is not served`);
}

/** Certifies a node that holds a bootstrap token. @throws StatusError that says what is wrong. */
async function join(body: Record<string, unknown>, options: JoinOptions): Promise<JoinAnswer> {
  const token = field(body, 'token');
  const nodeName = field(body, 'nodeName');
  const request = field(body, 'request');
  if (nodeName.length > nodeNameCharactersMax || !nodeNameForm.test(nodeName)) {
    throw new StatusError('BadRequest', `nodeName ${JSON.stringify(nodeName)} is not a lower-case DNS name`);
  }
  checkBootstrapToken(token, await secretOf(token, options.client), options.clock.now());
  if (options.connected(nodeName)) {
    throw new StatusError('Conflict', `a node named ${nodeName} is connected already; choose another --name`);
  }
  return { certificate: await options.certify(nodeName, request), ca: options.ca };
}

async function secretOf(token: string, client: Client): Promise<V1Secret | undefined> {
  const name = bootstrapTokenName(token.slice(0, idLength));
  try {
    return await client.get(secrets, { namespace: bootstrapTokenNamespace, name });
  } catch (error) {
    if (isStatus(error, 'NotFound')) return undefined;
    throw error;
  }
}

function parse(body: Buffer): Record<string, unknown> {
  try {
    const value = JSON.parse(body.toString()) as unknown;
    if (value && typeof value === 'object') return value as Record<string, unknown>;
  } catch {
    // Falls through to the one answer for both.
  }
  throw new StatusError('BadRequest', 'the body must be a JSON object with token, nodeName and request');
}

function field(body: Record<string, unknown>, name: string): string {
  const value = body[name];
  if (typeof value === 'string' && value !== '') return value;
  throw new StatusError('BadRequest', `${name} must be a string and not empty`);
}
