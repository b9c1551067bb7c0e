import type { V1FlowSchema } from '../../libs/api/gen/types.ts';
import { defaultFlows, defaultLevels } from '../../libs/api/kinds/flowcontrol/defaults.ts';
import type { KubeObject } from '../../libs/api/meta.ts';
import { type Clock, rfc3339, sleep } from '../../libs/base/clock.ts';
import type { Logger } from '../../libs/base/log.ts';
import type { Registry } from '../../libs/registry/registry.ts';
import { serverRequest, unlessOvertaken } from '../../libs/registry/server-writes.ts';
import type { InitialObject } from './initial-objects.ts';

const group = 'flowcontrol.apiserver.k8s.io';
const version = 'v1';
const producer = 'api-priority-and-fairness-config-producer-v1';
const consumer = 'api-priority-and-fairness-config-consumer-v1';
const dangling = 'Dangling';
/** A status that could not be written is looked at again after this. */
const retryMs = 5_000;

/** The schemas and levels that every cluster has. People may change them, and then they stay as they are. */
export function defaultFlowControl(): InitialObject[] {
  const made = (plural: string) => (object: KubeObject) => ({
    group,
    version,
    plural,
    object,
    isKept: true,
    manager: producer,
  });
  return [...defaultLevels.map(made('prioritylevelconfigurations')), ...defaultFlows.map(made('flowschemas'))];
}

/** Follows flow schemas and says in the status of each whether its level is there. */
export class FlowLevels {
  /** Schemas whose status is being written; they are looked at again when it has been. */
  private readonly telling = new Set<string>();
  private stopping: AbortSignal | undefined;
  private readonly parts: { readonly registry: Registry; readonly clock: Clock; readonly logger: Logger };

  constructor(parts: { readonly registry: Registry; readonly clock: Clock; readonly logger: Logger }) {
    this.parts = parts;
  }

  /** Follows until the signal aborts. */
  start(signal: AbortSignal): void {
    this.stopping = signal;
    this.follow('flowschemas');
    this.follow('prioritylevelconfigurations');
  }

  private follow(plural: string): void {
    const collection = this.parts.registry.mirror.collection(group, plural);
    this.lookAtAll();
    collection.watch({}, collection.lastChange, { event: () => this.lookAtAll(), expired: () => this.follow(plural) });
  }

  /** There are few of either, and they hardly ever change. */
  private lookAtAll(): void {
    for (const [, { object }] of this.collection('flowschemas').list({})) {
      const flow = object as V1FlowSchema;
      const next = this.conditionOf(flow);
      const before = flow.status?.conditions?.find(({ type }) => type === dangling);
      const name = flow.metadata?.name ?? '';
      if (flow.metadata?.deletionTimestamp || before?.status === next.status || this.telling.has(name)) continue;
      this.telling.add(name);
      void this.tellAndLookAgain(name, next);
    }
  }

  /** What changed while the status was being written was passed over. */
  private async tellAndLookAgain(name: string, condition: object): Promise<void> {
    const { clock, logger } = this.parts;
    try {
      await unlessOvertaken(this.tell(name, condition));
    } catch (error) {
      logger.warn('the status of a flow schema was not written', { error: String(error) });
      await sleep(clock, retryMs, this.stopping).catch(() => {});
    }
    this.telling.delete(name);
    if (!this.stopping?.aborted) this.lookAtAll();
  }

  private conditionOf({ spec }: V1FlowSchema) {
    const name = spec?.priorityLevelConfiguration.name ?? '';
    const levels = [...this.collection('prioritylevelconfigurations').list({})];
    const found = levels.some(([, { object }]) => object.metadata?.name === name);
    const level = JSON.stringify(name);
    return found
      ? { type: dangling, status: 'False', reason: 'Found', message: `its level ${level} is there` }
      : { type: dangling, status: 'True', reason: 'NotFound', message: `its level ${level} is not there` };
  }

  private async tell(name: string, condition: object): Promise<void> {
    const { registry, clock } = this.parts;
    const conditions = [{ ...condition, lastTransitionTime: rfc3339(clock.now()) }];
    const body = { apiVersion: `${group}/${version}`, kind: 'FlowSchema', metadata: { name }, status: { conditions } };
    const how = { type: 'apply', complaints: [], force: true, fieldManager: consumer, subresource: 'status' } as const;
    const { service } = registry.resource(group, version, 'flowschemas') ?? {};
    await service?.patch({ name }, { ...serverRequest, ...how, body });
  }

  private collection(plural: string) {
    return this.parts.registry.mirror.collection(group, plural);
  }
}
