import type { ResourceDefinition } from '../../api/definition.ts';
import type { V1CustomResourceDefinition } from '../../api/gen/types.ts';
import { builtinKinds } from '../../api/kinds/index.ts';
import { sameValue } from '../../api/validation/equality.ts';
import { type Clock, rfc3339 } from '../../base/clock.ts';
import type { Logger } from '../../base/log.ts';
import type { CacheEvent } from '../../cache/event.ts';
import type { Registry } from '../registry.ts';
import { serverRequest, unlessOvertaken } from '../server-writes.ts';
import type { ConversionCalls } from './conversion.ts';
import { customResources } from './definition.ts';
import { checkedDefinitions } from './definitions.ts';
import { followed } from './followed.ts';
import { standing, takenNames } from './names.ts';
import { definitionService, isTerminating, removeInstances } from './removal.ts';

const definitions = { group: 'apiextensions.k8s.io', plural: 'customresourcedefinitions' };

export interface CustomParts {
  readonly registry: Registry;
  readonly clock: Clock;
  readonly logger: Logger;
  /** The end of the server. */
  readonly stopping: AbortSignal;
  /** Absent: versions differ in their names only. */
  readonly conversions?: ConversionCalls;
}

interface Served {
  readonly spec: V1CustomResourceDefinition['spec'];
  readonly terminating: boolean;
  readonly resources: readonly ResourceDefinition[];
}

/** Serves custom kinds as long as their definitions stand; instances go with their definition. */
export class CustomResources {
  private readonly served = new Map<string, Served>();
  /** Steps run one after the other, so that a definition is served before it says so. */
  private last: Promise<void> = Promise.resolve();

  constructor(private readonly parts: CustomParts) {
    const { registry } = parts;
    const stored = registry.serveStored(checkedDefinitions);
    registry.serve({ definition: checkedDefinitions, service: followed(stored, () => this.settled()) });
  }

  /** Serves what stands and follows what changes. */
  start(): void {
    for (const name of [...this.served.keys()]) this.withdraw(name);
    for (const crd of this.all()) this.defined(crd);
    this.collection.watch({}, this.collection.lastChange, {
      event: (type, event) => this.changed(type === 'DELETED', event),
      expired: () => this.start(),
    });
  }

  /** Resolves when everything that definitions asked for so far has been done. */
  async settled(): Promise<void> {
    for (let last: Promise<void> | undefined; last !== this.last; ) {
      last = this.last;
      await last;
    }
  }

  private get collection() {
    return this.parts.registry.mirror.collection(definitions.group, definitions.plural);
  }

  private all(): V1CustomResourceDefinition[] {
    return Array.from(this.collection.list({}), ([, document]) => document.object as V1CustomResourceDefinition);
  }

  private changed(gone: boolean, event: CacheEvent): void {
    if (!gone) {
      this.defined(event.current?.object as V1CustomResourceDefinition);
      return;
    }
    const { spec } = event.document('DELETED').object as V1CustomResourceDefinition;
    this.withdraw(event.key);
    // Names that it had may be what others have been waiting for.
    for (const other of this.all()) if (other.spec.group === spec.group) this.defined(other);
  }

  private defined(crd: V1CustomResourceDefinition): void {
    const taken = takenNames(crd, this.all(), builtinKinds);
    const { status, served } = standing(crd, taken, rfc3339(this.parts.clock.now()));
    if (served) this.serve(crd);
    else this.withdraw(crd.metadata?.name ?? '');
    if (isTerminating(crd)) this.later(() => removeInstances(crd, this.parts));
    else if (!sameValue(status, crd.status)) this.later(() => this.say(crd, status));
  }

  private serve(crd: V1CustomResourceDefinition): void {
    const name = crd.metadata?.name ?? '';
    const terminating = crd.metadata?.deletionTimestamp !== undefined;
    const before = this.served.get(name);
    if (before && before.terminating === terminating && sameValue(before.spec, crd.spec)) return;
    this.withdraw(name);
    try {
      const resources = customResources(crd, this.parts.conversions);
      for (const resource of resources) this.parts.registry.serveStored(resource);
      this.served.set(name, { spec: crd.spec, terminating, resources });
    } catch (error) {
      this.parts.logger.error('a custom resource definition cannot be served', { name, error: String(error) });
    }
  }

  private withdraw(name: string): void {
    for (const resource of this.served.get(name)?.resources ?? []) this.parts.registry.withdraw(resource);
    this.served.delete(name);
  }

  private later(step: () => Promise<void>): void {
    this.last = this.last.then(step).catch((error) => {
      this.parts.logger.warn('a custom resource definition could not be followed', { error: String(error) });
    });
  }

  private async say(crd: V1CustomResourceDefinition, status: V1CustomResourceDefinition['status']): Promise<void> {
    const body = { object: JSON.parse(JSON.stringify({ ...crd, status })) as typeof crd, complaints: [] };
    const request = { ...serverRequest, subresource: 'status' };
    const service = definitionService(this.parts.registry);
    await unlessOvertaken(service.update({ name: crd.metadata?.name ?? '' }, body, request));
  }
}
