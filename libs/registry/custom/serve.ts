import type { ResourceDefinition } from '../../api/definition.ts';
import type { V1CustomResourceDefinition, V1CustomResourceDefinitionCondition } from '../../api/gen/types.ts';
import { loopbackUser } from '../../auth/user.ts';
import { type Clock, rfc3339 } from '../../base/clock.ts';
import type { Logger } from '../../base/log.ts';
import { isStatus } from '../../base/status.ts';
import type { CacheEvent } from '../../cache/event.ts';
import type { Registry } from '../registry.ts';
import { customResources } from './definition.ts';
import { checkedDefinitions } from './definitions.ts';

const definitions = { group: 'apiextensions.k8s.io', version: 'v1', plural: 'customresourcedefinitions' };
/** Instances removed by one transaction when their definition goes. */
const removedAtOnceMax = 500;

export interface CustomParts {
  readonly registry: Registry;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Serves custom kinds as long as their definitions stand; instances go with their definition. */
export class CustomResources {
  private readonly served = new Map<string, readonly ResourceDefinition[]>();
  /** Steps run one after the other, so that a definition is served before it says so. */
  private last: Promise<void> = Promise.resolve();

  constructor(private readonly parts: CustomParts) {
    parts.registry.serveStored(checkedDefinitions);
  }

  /** Serves what stands and follows what changes. */
  start(): void {
    for (const name of [...this.served.keys()]) this.withdraw(name);
    const collection = this.parts.registry.mirror.collection(definitions.group, definitions.plural);
    for (const [, document] of collection.list({})) this.defined(document.object as V1CustomResourceDefinition);
    collection.watch({}, collection.lastChange, {
      event: (type, event) => this.changed(type === 'DELETED', event),
      expired: () => this.start(),
    });
  }

  /** Resolves when everything that definitions asked for so far has been done. */
  settled(): Promise<void> {
    return this.last;
  }

  private changed(gone: boolean, event: CacheEvent): void {
    if (!gone) {
      this.defined(event.current?.object as V1CustomResourceDefinition);
      return;
    }
    const { spec } = event.document('DELETED').object as V1CustomResourceDefinition;
    this.withdraw(event.key);
    this.later(() => this.removeInstances(spec.group, spec.names.plural));
  }

  private defined(crd: V1CustomResourceDefinition): void {
    const name = crd.metadata?.name ?? '';
    this.withdraw(name);
    try {
      const resources = customResources(crd);
      for (const resource of resources) this.parts.registry.serveStored(resource);
      this.served.set(name, resources);
    } catch (error) {
      this.parts.logger.error('a custom resource definition cannot be served', { name, error: String(error) });
      return;
    }
    if (!isEstablished(crd)) this.later(() => this.establish(crd));
  }

  private withdraw(name: string): void {
    for (const resource of this.served.get(name) ?? []) this.parts.registry.withdraw(resource);
    this.served.delete(name);
  }

  private later(step: () => Promise<void>): void {
    this.last = this.last.then(step).catch((error) => {
      this.parts.logger.warn('a custom resource definition could not be followed', { error: String(error) });
    });
  }

  private async establish(crd: V1CustomResourceDefinition): Promise<void> {
    const { registry, clock } = this.parts;
    const { group, version, plural } = definitions;
    const name = crd.metadata?.name ?? '';
    const object = { ...crd, status: statusOf(crd, clock) };
    const request = {
      user: loopbackUser,
      warn: () => {},
      dryRun: false,
      fieldManager: 'kube-apiserver',
      fieldValidation: 'Ignore' as const,
      subresource: 'status',
    };
    const body = { object: JSON.parse(JSON.stringify(object)) as typeof crd, complaints: [] };
    try {
      await registry.resource(group, version, plural)?.service.update({ name }, body, request);
    } catch (error) {
      // A newer state has an event of its own, and is looked at again.
      if (!isStatus(error, 'NotFound', 'Conflict')) throw error;
    }
  }

  private async removeInstances(group: string, plural: string): Promise<void> {
    const { registry } = this.parts;
    const keys = Array.from(registry.mirror.collection(group, plural).list({}), ([key]) => key);
    const prefix = `/registry/${group}/${plural}/`;
    for (let start = 0; start < keys.length; start += removedAtOnceMax) {
      const writes = keys.slice(start, start + removedAtOnceMax).map((key) => ({ key: prefix + key, value: null }));
      await registry.writer.commit({ guards: [], writes });
    }
  }
}

function isEstablished({ spec, status }: V1CustomResourceDefinition): boolean {
  const established = status?.conditions?.some(({ type, status: state }) => type === 'Established' && state === 'True');
  return established === true && status?.acceptedNames?.kind === spec.names.kind;
}

function statusOf({ spec }: V1CustomResourceDefinition, clock: Clock): V1CustomResourceDefinition['status'] {
  const lastTransitionTime = rfc3339(clock.now());
  const condition = (type: string, reason: string, message: string): V1CustomResourceDefinitionCondition => {
    return { type, status: 'True', reason, message, lastTransitionTime };
  };
  return {
    acceptedNames: spec.names,
    storedVersions: spec.versions.filter((version) => version.storage).map((version) => version.name),
    conditions: [
      condition('NamesAccepted', 'NoConflicts', 'no conflicts found'),
      condition('Established', 'InitialNamesAccepted', 'the initial names have been accepted'),
    ],
  };
}
