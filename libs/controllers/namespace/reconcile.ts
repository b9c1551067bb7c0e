import type { V1Namespace } from '../../api/gen/types.ts';
import { namespaces } from '../../api/kinds/namespace.ts';
import { type KubeObject, nameOf, type Resource } from '../../api/meta.ts';
import { isStatus } from '../../base/status.ts';
import { Controller, type ControllerContext, type ReconcileResult } from '../../reconcile/controller.ts';
import type { CustomKinds } from '../../reconcile/custom-kinds.ts';
import { unlessMissing } from '../../reconcile/retry.ts';
import { computeStatus, type Remainder } from './compute.ts';

const finalizer = 'kubernetes';
/** Look again after this long, should no event tell that content has gone. */
export const contentRecheckMs = 15_000;
const listPageItems = 500;

export interface NamespaceOptions {
  /** Every built-in kind that can be listed and deleted. */
  resources: readonly Resource[];
  /** Kinds that come and go. */
  custom?: CustomKinds;
}

/** Empties namespaces that are being deleted, pods first, and then lets them go. */
export function newNamespaceController(context: ControllerContext, options: NamespaceOptions): Controller {
  const { custom } = options;
  const builtin = options.resources.filter((resource) => resource.namespaced);
  const contents = () => [...builtin, ...(custom?.list() ?? []).map(({ resource }) => resource).filter(isNamespaced)];
  const reconciler = new NamespaceReconciler(context, contents);
  const controller = new Controller(context, {
    name: 'namespace',
    caches: [reconciler.cache, ...(custom ? [custom.cache] : [])],
    workers: 10,
    reconcile: (key) => reconciler.reconcile(key),
  });
  const enqueue = (namespace: V1Namespace) => {
    if (namespace.metadata?.deletionTimestamp) controller.enqueue(namespace.metadata.name ?? '');
  };
  reconciler.cache.addHandler({ added: enqueue, updated: enqueue });
  const onGone = (object: KubeObject) => {
    const namespace = reconciler.cache.get(object.metadata?.namespace ?? '');
    if (namespace) enqueue(namespace);
  };
  const follow = (resource: Resource) => context.informers.of(resource).addHandler({ deleted: onGone });
  // Events come in great numbers and hardly ever stay when they are deleted: those with finalizers wait for a recheck.
  for (const resource of builtin) if (resource.kind !== 'Event') follow(resource);
  custom?.follow({ added: ({ resource }) => void (isNamespaced(resource) && follow(resource)) });
  return controller;
}

function isNamespaced({ namespaced }: Resource): boolean {
  return namespaced;
}

class NamespaceReconciler {
  readonly #context: ControllerContext;
  readonly #contents: () => readonly Resource[];
  readonly cache;

  constructor(context: ControllerContext, contents: () => readonly Resource[]) {
    this.#context = context;
    this.#contents = contents;
    this.cache = context.informers.of(namespaces);
  }

  async reconcile(name: string): Promise<ReconcileResult> {
    const { client, clock } = this.#context;
    const namespace = this.cache.get(name);
    if (!namespace?.metadata?.deletionTimestamp || !namespace.spec?.finalizers?.includes(finalizer)) return {};
    const { remainders, failures } = await this.#empty(name);
    const status = computeStatus(namespace, remainders, failures, clock.now());
    let current = namespace;
    if (JSON.stringify(conditionsOf(status)) !== JSON.stringify(conditionsOf(namespace.status))) {
      const written = await unlessMissing(
        client.update(namespaces, { ...namespace, status }, { subresource: 'status' }),
      );
      if (!written) return {};
      current = written;
    }
    if (failures.length > 0) throw new Error(`namespace ${name} could not be emptied: ${failures.join(', ')}`);
    if (remainders.some((remainder) => remainder.count > 0)) return { requeueAfterMs: contentRecheckMs };
    const finalizers = (current.spec?.finalizers ?? []).filter((other) => other !== finalizer);
    const finalized = { ...current, spec: { ...current.spec, finalizers } };
    await unlessMissing(client.update(namespaces, finalized, { subresource: 'finalize' }));
    return {};
  }

  /** Asks all content to go. Pods go before what they may still use: secrets, configuration, policies. */
  async #empty(namespace: string): Promise<{ remainders: Remainder[]; failures: string[] }> {
    const failures: string[] = [];
    const contents = this.#contents();
    const isPods = (resource: Resource) => resource.group === '' && resource.plural === 'pods';
    const podsLeft = await Promise.all(
      contents.filter(isPods).map((resource) => this.#emptyOf(resource, namespace, failures)),
    );
    if (podsLeft.some((remainder) => remainder.count > 0) || failures.length > 0)
      return { remainders: podsLeft, failures };
    const rest: Remainder[] = [];
    for (const resource of contents.filter((candidate) => !isPods(candidate))) {
      rest.push(await this.#emptyOf(resource, namespace, failures));
    }
    return { remainders: rest, failures };
  }

  /** Deletes all objects of one kind and counts those that stay. */
  async #emptyOf(resource: Resource, namespace: string, failures: string[]): Promise<Remainder> {
    const label = resource.group === '' ? resource.plural : `${resource.plural}.${resource.group}`;
    try {
      const objects = await this.#listAll(resource, namespace);
      await Promise.all(objects.map((object) => this.#deleteOne(resource, object)));
      return { resource: label, ...remaining(objects.length === 0 ? [] : await this.#listAll(resource, namespace)) };
    } catch (error) {
      // A kind that is no longer served has no objects.
      if (!isStatus(error, 'NotFound', 'MethodNotAllowed')) {
        failures.push(`${label}: ${error instanceof Error ? error.message : String(error)}`);
      }
      return { resource: label, count: 0, finalizers: new Map() };
    }
  }

  async #listAll(resource: Resource, namespace: string): Promise<KubeObject[]> {
    const { client } = this.#context;
    let page = await client.list(resource, { namespace, limit: listPageItems });
    const objects = [...page.items];
    while (page.continue) {
      page = await client.list(resource, { namespace, limit: listPageItems, continue: page.continue });
      objects.push(...page.items);
    }
    return objects;
  }

  async #deleteOne(resource: Resource, object: KubeObject): Promise<void> {
    if (object.metadata?.deletionTimestamp) return;
    try {
      await this.#context.client.delete(resource, nameOf(object), { propagationPolicy: 'Background' });
    } catch (error) {
      if (!isStatus(error, 'NotFound', 'Conflict')) throw error;
    }
  }
}

function remaining(objects: readonly KubeObject[]): Pick<Remainder, 'count' | 'finalizers'> {
  const finalizers = new Map<string, number>();
  for (const name of objects.flatMap((object) => object.metadata?.finalizers ?? [])) {
    finalizers.set(name, (finalizers.get(name) ?? 0) + 1);
  }
  return { count: objects.length, finalizers };
}

/** Conditions without their times, in the order of their types. */
function conditionsOf(status: V1Namespace['status']): unknown {
  const rows = (status?.conditions ?? []).map((c) => [c.type, c.status, c.reason, c.message]);
  return rows.sort((a, b) => String(a[0]).localeCompare(String(b[0])));
}
