import type { V1ResourceQuota } from '../../api/gen/types.ts';
import { customresourcedefinitions } from '../../api/kinds/customresourcedefinition.ts';
import { resourcequotas } from '../../api/kinds/resourcequota.ts';
import { type KubeObject, nameOf, objectKey, parseObjectKey, type Resource } from '../../api/meta.ts';
import { measureOf } from '../../api/quota/measure.ts';
import { Controller, type ControllerContext, type ReconcileResult } from '../../reconcile/controller.ts';
import { unlessMissing } from '../../reconcile/retry.ts';
import { same } from '../../reconcile/same.ts';
import { type Content, computeStatus } from './compute.ts';

/** Everything is counted anew this often, whatever the events said. */
export const resyncMs = 5 * 60_000;
/** Objects often go in numbers: their quota is counted once for those that go within this time. */
export const replenishDelayMs = 20;

export interface ResourceQuotaOptions {
  /** Every built-in kind that can be listed. */
  resources: readonly Resource[];
}

/**
 * Keeps the status of ResourceQuotas: takes over new bounds and gives back what objects took that have gone. What comes
 * is counted by the API server as it is written. A quota is read before its objects are listed and written only if it
 * still stands as read, so that no object which came meanwhile is forgotten.
 */
export function newResourceQuotaController(context: ControllerContext, options: ResourceQuotaOptions): Controller {
  const counter = new QuotaCounter(context, options.resources);
  const controller = new Controller(context, {
    name: 'resourcequota',
    caches: [counter.quotas, counter.definitions],
    reconcile: (key) => counter.reconcile(key),
  });
  const enqueue = (quota: V1ResourceQuota) => controller.enqueue(objectKey(nameOf(quota)));
  counter.quotas.addHandler({
    added: enqueue,
    updated: (quota, previous) => {
      const { spec, status } = quota;
      // Bounds in the status that are not those asked for are somebody else's.
      if (!same(spec?.hard, previous.spec?.hard) || !same(spec?.hard, status?.hard)) enqueue(quota);
    },
  });
  counter.follow((resource, namespace) => {
    const measure = measureOf(resource);
    for (const quota of counter.quotas.list(namespace)) {
      if (!Object.keys(quota.spec?.hard ?? {}).some(measure.counts)) continue;
      controller.enqueueAfter(objectKey(nameOf(quota)), replenishDelayMs);
    }
  });
  return controller;
}

type Replenish = (resource: Resource, namespace: string) => void;

class QuotaCounter {
  readonly #context: ControllerContext;
  readonly #builtin: readonly Resource[];
  /** By `plural.group`, as custom kinds are named. */
  readonly #followed = new Map<string, Resource>();
  #replenish: Replenish = () => {};
  readonly quotas;
  readonly definitions;

  constructor(context: ControllerContext, resources: readonly Resource[]) {
    this.#context = context;
    this.#builtin = resources.filter(({ namespaced }) => namespaced);
    this.quotas = context.informers.of(resourcequotas);
    this.definitions = context.informers.of(customresourcedefinitions);
  }

  /** Tells where something went or shrank. */
  follow(replenish: Replenish): void {
    this.#replenish = replenish;
    // Events come in great numbers, and hardly any quota counts them: they are followed once one does.
    for (const resource of this.#builtin) if (resource.kind !== 'Event') this.#follow(resource);
    this.definitions.addHandler({ deleted: (definition) => this.#forget(definition.metadata?.name ?? '') });
  }

  async reconcile(key: string): Promise<ReconcileResult> {
    const { client, clock } = this.#context;
    if (!this.quotas.get(key)) return {};
    const quota = await unlessMissing(client.get(resourcequotas, parseObjectKey(key)));
    if (!quota) return {};
    const contents = await Promise.all(this.#countedBy(quota).map((resource) => this.#contentOf(quota, resource)));
    const known = contents.filter((content) => content !== undefined);
    const status = computeStatus(quota, known, clock.now());
    if (status) await client.update(resourcequotas, { ...quota, status }, { subresource: 'status' });
    return { requeueAfterMs: resyncMs };
  }

  async #contentOf(quota: V1ResourceQuota, resource: Resource): Promise<Content | undefined> {
    const listed = await unlessMissing(this.#context.client.list(resource, { namespace: quota.metadata?.namespace }));
    return listed && { resource, objects: listed.items };
  }

  #countedBy({ spec }: V1ResourceQuota): Resource[] {
    const names = Object.keys(spec?.hard ?? {});
    const counted = this.#builtin.filter((resource) => names.some(measureOf(resource).counts));
    const custom = names.flatMap((name) => this.#customKind(name) ?? []);
    const all = [...counted, ...custom];
    for (const resource of all) this.#follow(resource);
    return all;
  }

  /** The custom kind that `count/plural.group` names. */
  #customKind(name: string): Resource | undefined {
    if (!name.startsWith('count/')) return undefined;
    const definition = this.definitions.get(name.slice('count/'.length));
    const version = definition?.spec?.versions.find(({ served }) => served)?.name;
    if (!definition?.spec || version === undefined || definition.spec.scope !== 'Namespaced') return undefined;
    const { group, names } = definition.spec;
    return { group, version, kind: names.kind, plural: names.plural, namespaced: true };
  }

  #follow(resource: Resource): void {
    const id = `${resource.plural}.${resource.group}`;
    if (this.#followed.has(id)) return;
    this.#followed.set(id, resource);
    const { clock, informers } = this.#context;
    const { mayShrink } = measureOf(resource);
    const tell = (object: KubeObject) => this.#replenish(resource, object.metadata?.namespace ?? '');
    const updated = (object: KubeObject, previous: KubeObject) => {
      if (this.quotas.list(object.metadata?.namespace).length === 0) return;
      if (mayShrink?.(object, previous, clock.now())) tell(object);
    };
    informers.of(resource).addHandler({ deleted: tell, ...(mayShrink && { updated }) });
  }

  /** The objects of a kind go with its definition. */
  #forget(id: string): void {
    const resource = this.#followed.get(id);
    if (!resource || this.#builtin.includes(resource)) return;
    this.#followed.delete(id);
    void this.#context.informers.drop(resource);
  }
}
