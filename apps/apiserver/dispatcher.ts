import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { ResourceDefinition } from '../../libs/api/definition.ts';
import { subresourceOf } from '../../libs/api/subresources.ts';
import type { AuditTrail } from '../../libs/audit/auditor.ts';
import type { ResourceAttributes } from '../../libs/auth/attributes.ts';
import { requireAllowed } from '../../libs/auth/authorize.ts';
import type { UserInfo } from '../../libs/auth/user.ts';
import type { Clock } from '../../libs/base/clock.ts';
import type { Logger } from '../../libs/base/log.ts';
import { asStatusError } from '../../libs/base/status.ts';
import { badRequest, methodNotAllowed, noSuchResource } from '../../libs/registry/errors.ts';
import type { Registry, ServedResource } from '../../libs/registry/registry.ts';
import { asksForWebSocket } from '../../libs/streaming/websocket/upgrade.ts';
import type { Aggregator } from './aggregation/aggregator.ts';
import { sendError, sendText } from './answers.ts';
import type { ConnectAdmission } from './connect-admission.ts';
import type { ExtensionRequest, ExtensionRoute } from './extension.ts';
import { Identification, type IdentificationOptions } from './identification.ts';
import type { InflightLimit } from './inflight.ts';
import type { PathHandler } from './path-handler.ts';
import { authorizedAs, parseRequest, type RequestInfo } from './request-info.ts';
import type { RequestMetrics } from './request-metrics.ts';
import { checkTimeout } from './request-timeout.ts';
import type { ResourceHandler } from './resource-handler.ts';
import type { WatchOutput } from './watch-output.ts';
import { WebSocketWatchOutput } from './watch-socket.ts';

export interface DispatcherOptions extends IdentificationOptions {
  readonly registry: Registry;
  readonly resources: ResourceHandler;
  readonly paths: PathHandler;
  readonly routes: readonly ExtensionRoute[];
  readonly aggregator: Aggregator;
  readonly connects: ConnectAdmission;
  readonly inflight: InflightLimit;
  readonly metrics: RequestMetrics;
  readonly clock: Clock;
  readonly logger: Logger;
}

const mutatingMethods = new Set(['POST', 'PUT', 'PATCH', 'DELETE']);
const emptyBody = Buffer.alloc(0);

/** Takes each request from its arrival to its answer: who asks, may they, and who answers. */
export class Dispatcher {
  private readonly identification: Identification;

  constructor(private readonly options: DispatcherOptions) {
    this.identification = new Identification(options);
  }

  async handle(raw: IncomingMessage, response: ServerResponse, body: Buffer = emptyBody): Promise<void> {
    const { clock, metrics, inflight } = this.options;
    const startMs = clock.monotonic();
    const warnings: string[] = [];
    let info: RequestInfo | undefined;
    let entered = false;
    const mutating = mutatingMethods.has(raw.method ?? '');
    try {
      info = readRequest(raw);
      const route = this.routeOf(info);
      const long = info.verb === 'watch' || route !== undefined;
      if (!long) checkTimeout(info.query);
      const follow = (trail: AuditTrail) => this.options.audit?.follow(trail, raw, { response, body, long });
      const identity = this.identification.identify({ raw, info, route }, follow);
      const { user, trail } = identity instanceof Promise ? await identity : identity;
      if (!route?.anonymous) this.allow(user, info, trail);
      if (route) this.checkMethod(info);
      if (long) this.countWhileOpen(info, response);
      else {
        inflight.enter(mutating);
        entered = true;
      }
      if (route) await this.options.connects.admit(info, user);
      if (route) await route.handle(extensionRequest(raw, info, user, body), response);
      else await this.answer({ raw, response, body, info, user, warnings, trail });
    } catch (error) {
      this.report(error, raw);
      sendError(response, error, warnings);
    } finally {
      if (entered) inflight.leave(mutating);
      if (info) metrics.answered(info, response.statusCode, (clock.monotonic() - startMs) / 1000);
    }
  }

  /** Hands a socket over to the extension that serves the upgrade. */
  async upgrade(raw: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    try {
      const info = readRequest(raw);
      const route = this.routeOf(info);
      const follow = (trail: AuditTrail) => this.options.audit?.followSocket(trail, socket);
      const { user, trail } = await this.identification.identify({ raw, info, route }, follow);
      if (!route && info.verb === 'watch' && asksForWebSocket(raw)) {
        this.allow(user, info, trail);
        return await this.watchOver(new WebSocketWatchOutput(raw, { socket, head }), info, raw.headers.accept);
      }
      if (!route?.upgrade) throw badRequest('Upgrade request required by no resource at this path');
      if (!route.anonymous) this.allow(user, info, trail);
      await this.options.connects.admit(info, user);
      await route.upgrade(extensionRequest(raw, info, user, emptyBody), socket, head);
    } catch (error) {
      this.report(error, raw);
      refuseSocket(socket, error);
    }
  }

  /** @throws StatusError Forbidden. */
  private allow(user: UserInfo, info: RequestInfo, trail: AuditTrail | undefined): void {
    const attributes = authorizedAs(info);
    if (trail) {
      const { verdict, reason = '' } = this.options.authorizer.authorize(user, attributes);
      trail.annotate('authorization.k8s.io/decision', verdict === 'allow' ? 'allow' : 'forbid');
      trail.annotate('authorization.k8s.io/reason', reason);
    }
    requireAllowed(this.options.authorizer, user, attributes);
  }

  private answer(call: Call): Promise<void> | void {
    const { raw, response, body, info, user, warnings, trail } = call;
    if (!info.resource) return this.options.paths.handle(info, raw, response);
    const served = this.servedAt(info.resource);
    if (!served) {
      if (!this.options.paths.hasGroup(info.resource.group)) return sendText(response, '404 page not found\n', 404);
      throw noSuchResource();
    }
    if (info.rest !== '') throw noSuchResource();
    return this.options.resources.handle({
      info,
      at: info.resource,
      served,
      asker: {
        user,
        userAgent: raw.headers['user-agent'],
        warn: (text) => warnings.push(text),
        annotate: trail && ((key, value) => trail.annotate(key, value)),
      },
      warnings,
      body: { bytes: body, contentType: raw.headers['content-type'] },
      accept: raw.headers.accept,
      response,
    });
  }

  /** @throws StatusError MethodNotAllowed where an extension's subresource does not have the verb; proxies pass on any. */
  private checkMethod({ resource, verb }: RequestInfo): void {
    const { group = '', version = '', plural = '', subresource } = resource ?? {};
    if (subresource === undefined || subresource === 'proxy') return;
    const definition = this.options.registry.resource(group, version, plural)?.definition;
    const part = definition && subresourceOf(definition, subresource);
    if (part && !part.verbs.includes(verb)) throw methodNotAllowed();
  }

  private servedAt(at: ResourceAttributes): ServedResource | undefined {
    const { group, version, plural, subresource, namespace } = at;
    const served = this.options.registry.resource(group, version, plural);
    if (!served || (subresource !== undefined && !isKnown(served.definition, subresource))) return undefined;
    const misplaced = namespace !== undefined && !served.definition.namespaced && plural !== 'namespaces';
    return misplaced ? undefined : served;
  }

  private watchOver(output: WatchOutput, info: RequestInfo, accept: string | undefined): Promise<void> {
    const at = info.resource;
    const served = at && this.servedAt(at);
    if (!served) throw noSuchResource();
    output.onceClosed(this.options.metrics.watching(info));
    return this.options.resources.handleWatch({ info, at, served, accept, output });
  }

  private routeOf(info: RequestInfo): ExtensionRoute | undefined {
    const { resource, path } = info;
    const elsewhere = this.options.aggregator.routeOf(path);
    if (elsewhere) return elsewhere;
    if (resource && !resource.subresource) return undefined;
    return this.options.routes.find(({ match }) => {
      if ('pathPrefix' in match) return path.startsWith(match.pathPrefix);
      if (!resource || resource.subresource !== match.subresource) return false;
      return resource.plural === match.plural && resource.group === match.group;
    });
  }

  private countWhileOpen(info: RequestInfo, response: ServerResponse): void {
    const done = this.options.metrics.watching(info);
    response.once('close', done);
  }

  private report(error: unknown, raw: IncomingMessage): void {
    const failure = asStatusError(error);
    if (failure.code < 500 || failure.reason === 'Timeout') return;
    const cause = failure.cause instanceof Error ? failure.cause.stack : undefined;
    this.options.logger.error('request failed', { method: raw.method, url: raw.url, error: failure.message, cause });
  }
}

interface Call {
  readonly raw: IncomingMessage;
  readonly response: ServerResponse;
  readonly body: Buffer;
  readonly info: RequestInfo;
  readonly user: UserInfo;
  readonly warnings: string[];
  readonly trail?: AuditTrail;
}

function isKnown(definition: ResourceDefinition, subresource: string): boolean {
  // Custom kinds have places for both; those that do not use them find nothing there.
  if (definition.customSchema) return subresource === 'status' || subresource === 'scale';
  return subresourceOf(definition, subresource) !== undefined;
}

/** @throws StatusError BadRequest. */
function readRequest(raw: IncomingMessage): RequestInfo {
  try {
    return parseRequest(raw.method ?? 'GET', raw.url ?? '/');
  } catch (error) {
    throw badRequest('the path of the request is malformed', error);
  }
}

function extensionRequest(raw: IncomingMessage, info: RequestInfo, user: UserInfo, body: Buffer): ExtensionRequest {
  const { method, path, query, resource, rest } = info;
  return { raw, method, path, query, user, resource, rest, body };
}

/** Answers on a socket that nobody has taken over yet. */
export function refuseSocket(socket: Duplex, error: unknown): void {
  const failure = asStatusError(error);
  const body = JSON.stringify(failure.toStatus());
  socket.end(
    `HTTP/1.1 ${failure.code} ${failure.reason}\r\ncontent-type: application/json\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
}
