import type { IncomingMessage, ServerResponse } from 'node:http';
import { methodNotAllowed, noSuchResource } from '../../libs/registry/errors.ts';
import { sendObject, sendText } from './answers.ts';
import type { Discovery } from './discovery.ts';
import { type HealthCheck, healthAnswer, healthMetrics, healthMetricsPath, healthPaths } from './health.ts';
import { sendKept } from './kept-documents.ts';
import { negotiate } from './negotiation.ts';
import type { RequestInfo } from './request-info.ts';
import { versionInfo } from './version.ts';

export interface PathParts {
  readonly discovery: Discovery;
  readonly checks: readonly HealthCheck[];
  readonly metricsText: (() => Promise<string>) | undefined;
  /** Serves paths such as /openapi/v3; false when the path is not its own. */
  readonly documents: ReadonlyArray<(info: RequestInfo, raw: IncomingMessage, response: ServerResponse) => boolean>;
}

const aggregatedType = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
const metricsType = 'text/plain; version=0.0.4; charset=utf-8';
const notFoundText = '404 page not found\n';
const documentPaths = [
  '/.well-known/openid-configuration',
  '/metrics',
  healthMetricsPath,
  '/openapi/v2',
  '/openapi/v3',
  '/openapi/v3/',
  '/openid/v1/jwks',
  '/version',
];

/** The paths that upstream answers whatever the method is; lists of resources, the version and keys are for GET alone. */
const takesAnyMethod = /^\/($|metrics|openapi\/|apis\/?$|apis\/[^/]+\/?$)/;

/** Answers what is not a resource: health, version, discovery, schemas, metrics. */
export class PathHandler {
  constructor(private readonly parts: PathParts) {}

  hasGroup(group: string): boolean {
    return group === '' || this.parts.discovery.hasGroup(group);
  }

  async handle(info: RequestInfo, raw: IncomingMessage, response: ServerResponse): Promise<void> {
    const { path, query, method } = info;
    const health = await healthAnswer(path, query, this.parts.checks);
    if (health) return sendText(response, health.text, health.code);
    if (path.startsWith('/version/') && path !== '/version/') throw noSuchResource();
    if (method !== 'GET' && !takesAnyMethod.test(path)) throw methodNotAllowed();
    if (path === '/version' || path === '/version/') {
      negotiate(raw.headers.accept, { table: false, plainRefusal: true });
      return sendObject(response, versionInfo);
    }
    if (path === '/metrics' && this.parts.metricsText) {
      return sendText(response, await this.parts.metricsText(), 200, metricsType);
    }
    if (path === healthMetricsPath) {
      return sendText(response, await healthMetrics(this.parts.checks), 200, metricsType);
    }
    if (path === '/') return sendObject(response, { paths: this.paths() });
    if (this.parts.documents.some((serve) => serve(info, raw, response))) return;
    await this.answerDiscovery(path, raw, response);
  }

  private paths(): string[] {
    const { discovery, checks } = this.parts;
    return [...discovery.paths(), ...healthPaths(checks), ...documentPaths].sort();
  }

  private async answerDiscovery(path: string, raw: IncomingMessage, response: ServerResponse): Promise<void> {
    const discovery = /^\/apis?\/?$/.test(path);
    const { parameters, encoding } = negotiate(raw.headers.accept, { protobuf: true, table: false, discovery });
    const document = parameters.g === 'apidiscovery.k8s.io' ? this.parts.discovery.aggregated(path) : undefined;
    if (document) return sendKept(response, document, { contentType: aggregatedType, cacheControl: 'public' });
    const answer = this.parts.discovery.answer(path);
    if (!answer) {
      sendText(response, notFoundText, 404);
      return;
    }
    // Some of these objects do not name their version in JSON; their envelopes do.
    sendObject(response, encoding === 'protobuf' ? { apiVersion: 'v1', ...answer } : answer, { encoding });
  }
}
