import type { V1APIService } from '../../../libs/api/gen/types.ts';
import type { ForeignSchema } from '../../../libs/api/openapi/foreign.ts';
import { type Clock, rfc3339, type Timer } from '../../../libs/base/clock.ts';
import type { Logger } from '../../../libs/base/log.ts';
import type { Subscription } from '../../../libs/cache/collection.ts';
import { mirrorReader, type ObjectReader } from '../../../libs/cache/object-reader.ts';
import type { Registry } from '../../../libs/registry/registry.ts';
import { serverRequest, unlessOvertaken } from '../../../libs/registry/server-writes.ts';
import type { AgentPool } from '../../../libs/webhook/agents.ts';
import { parsedOrNothing } from '../../../libs/webhook/exchange.ts';
import type { ExtensionRoute } from '../extension.ts';
import { type AggregatedApi, AggregatedApis } from './aggregated-apis.ts';
import {
  type Availability,
  backendProblem,
  discoveryFailure,
  local,
  passed,
  withAvailability,
} from './availability.ts';
import { aggregatedResources, type ForeignVersion } from './foreign-resources.ts';
import { ForeignSchemas } from './foreign-schemas.ts';
import { ForeignServer } from './foreign-server.ts';
import { AggregationProxy, type FrontCertificate } from './proxy.ts';

export interface AggregatorParts {
  readonly registry: Registry;
  readonly agents: AgentPool;
  /** Absent: aggregated servers do not know this one, and refuse what it says about users. */
  readonly front: FrontCertificate | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
}

const apiServices = { group: 'apiregistration.k8s.io', version: 'v1', plural: 'apiservices' };
const documentsPrefix = '/openapi/v3';
/** Changes are looked at together. */
const settleMs = 100;
/** A server that does not answer is asked again after this, one that does after a longer time. */
const retryMs = 2_000;
const recheckMs = 30_000;

/** Lets other servers answer for group versions, as APIServices ask for it, and says whether they do. */
export class Aggregator {
  private readonly apis: AggregatedApis;
  private readonly proxy: AggregationProxy;
  private readonly server: ForeignServer;
  private readonly schemas: ForeignSchemas;
  private readonly objects: ObjectReader;
  private readonly lists = new Map<string, unknown>();
  private subscriptions: Subscription[] = [];
  private timer: Timer | undefined;
  private stopped = false;

  constructor(private readonly parts: AggregatorParts) {
    const { mirror } = parts.registry;
    this.apis = new AggregatedApis(mirror.collection(apiServices.group, apiServices.plural));
    this.proxy = new AggregationProxy(parts.agents, parts.front);
    this.server = new ForeignServer(this.proxy, parts.clock);
    this.schemas = new ForeignSchemas(this.server);
    this.objects = mirrorReader(mirror);
  }

  /** Who answers requests at the path; undefined when this server does. */
  routeOf(path: string): ExtensionRoute | undefined {
    const api = this.apis.at(path) ?? this.describedAt(path);
    if (!api) return undefined;
    return {
      match: { pathPrefix: `/apis/${api.group}/${api.version}` },
      handle: (request, response) => this.proxy.forward(api, request, response),
      upgrade: (request, socket, head) => this.proxy.upgrade(api, request, { socket, head }),
    };
  }

  /** What other servers add to discovery. */
  foreignVersions(): ForeignVersion[] {
    return this.apis.all().map((api) => ({
      group: api.group,
      version: api.version,
      versionPriority: api.versionPriority,
      resources: aggregatedResources(this.lists.get(api.name), api.group, api.version),
      fresh: api.available,
    }));
  }

  /** What other servers add to OpenAPI. */
  foreignSchemas(): ForeignSchema[] {
    return this.apis.all().flatMap((api) => this.schemas.of(api) ?? []);
  }

  /** Who answers for an OpenAPI document of version 3. */
  private describedAt(path: string): AggregatedApi | undefined {
    const api = path.startsWith(`${documentsPrefix}/`) ? this.apis.at(path.slice(documentsPrefix.length)) : undefined;
    return api && this.schemas.of(api)?.v3Address !== undefined ? api : undefined;
  }

  start(): void {
    this.follow();
    this.later(0);
  }

  stop(): void {
    this.stopped = true;
    this.timer?.cancel();
    for (const subscription of this.subscriptions.splice(0)) subscription.cancel();
  }

  /** Looks again when an APIService, or what stands behind one, has changed. */
  private follow(): void {
    for (const subscription of this.subscriptions.splice(0)) subscription.cancel();
    const { mirror } = this.parts.registry;
    const watched = [
      apiServices,
      { group: '', plural: 'services' },
      { group: 'discovery.k8s.io', plural: 'endpointslices' },
    ];
    this.subscriptions = watched.map(({ group, plural }) => {
      const collection = mirror.collection(group, plural);
      const concerns = () => plural === apiServices.plural || this.apis.all().length > 0;
      return collection.watch({}, collection.lastChange, {
        event: () => (concerns() ? this.later(settleMs) : undefined),
        expired: () => this.start(),
      });
    });
  }

  private later(delayMs: number): void {
    if (this.stopped) return;
    this.timer?.cancel();
    this.timer = this.parts.clock.setTimer(delayMs, () => {
      this.check().catch((error) => {
        this.parts.logger.warn('the aggregated APIs could not be looked at', { error: String(error) });
        this.later(retryMs);
      });
    });
  }

  private async check(): Promise<void> {
    const list = this.objects.list<V1APIService>(apiServices.group, apiServices.plural);
    for (const object of list) if (!object.spec?.service) await this.say(object, local);
    const verdicts = await Promise.all(
      this.apis.all().map(async (api) => {
        const verdict = backendProblem(api, this.objects) ?? (await this.ask(api));
        await this.say(api.object, verdict);
        return verdict;
      }),
    );
    if (verdicts.length > 0) this.later(verdicts.every(({ status }) => status === 'True') ? recheckMs : retryMs);
  }

  private async say(object: V1APIService, availability: Availability): Promise<void> {
    const changed = withAvailability(object, availability, rfc3339(this.parts.clock.now()));
    const { group, version, plural } = apiServices;
    const service = this.parts.registry.resource(group, version, plural)?.service;
    if (!changed || !service || this.stopped) return;
    const body = { object: structuredClone(changed), complaints: [] };
    const request = { ...serverRequest, subresource: 'status' };
    await unlessOvertaken(service.update({ name: object.metadata?.name ?? '' }, body, request));
  }

  /** Asks a server what it serves. */
  private async ask(api: AggregatedApi): Promise<Availability> {
    try {
      this.lists.set(api.name, parsedOrNothing(await this.server.read(api, `/apis/${api.group}/${api.version}`)));
    } catch (error) {
      return discoveryFailure(api, error instanceof Error ? error.message : String(error));
    }
    await this.schemas.refresh(api);
    return passed;
  }
}
