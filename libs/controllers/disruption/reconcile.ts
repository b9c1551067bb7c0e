import type { V1Pod, V1PodDisruptionBudget, V1PodDisruptionBudgetStatus } from '../../api/gen/types.ts';
import { pods } from '../../api/kinds/pod.ts';
import { poddisruptionbudgets } from '../../api/kinds/poddisruptionbudget.ts';
import { nameOf, objectKey } from '../../api/meta.ts';
import { isStatus } from '../../base/status.ts';
import { Controller, type ControllerContext, type ReconcileResult } from '../../reconcile/controller.ts';
import { selectorMatches } from '../../reconcile/ownership.ts';
import { same } from '../../reconcile/same.ts';
import { computeStatus, failedStatus, needsSizes } from './compute.ts';
import { ControllerSizes } from './sizes.ts';

/** How soon to look again at a budget that could not be counted. */
export const failedRecheckMs = 5_000;

/** Keeps the status of PodDisruptionBudgets, by which evictions are granted. */
export function newDisruptionController(context: ControllerContext): Controller {
  const keeper = new BudgetKeeper(context);
  const controller = new Controller(context, {
    name: 'disruption',
    caches: keeper.caches,
    reconcile: (key) => keeper.reconcile(key),
  });
  const enqueue = (budget: V1PodDisruptionBudget) => controller.enqueue(objectKey(nameOf(budget)));
  const touch = (...states: V1Pod[]) => {
    for (const budget of keeper.budgets.list(states[0]?.metadata?.namespace)) {
      const { selector } = budget.spec ?? {};
      if (states.some((pod) => selectorMatches(selector, pod.metadata?.labels))) enqueue(budget);
    }
  };
  keeper.budgets.addHandler({ added: enqueue, updated: enqueue });
  keeper.pods.addHandler({ added: touch, updated: touch, deleted: touch });
  keeper.sizes.follow(({ metadata }) => keeper.budgets.list(metadata?.namespace).forEach(enqueue));
  return controller;
}

class BudgetKeeper {
  readonly #context: ControllerContext;
  readonly #events;
  readonly budgets;
  readonly pods;
  readonly sizes: ControllerSizes;

  constructor(context: ControllerContext) {
    this.#context = context;
    this.#events = context.events.for('controllermanager');
    this.budgets = context.informers.of(poddisruptionbudgets);
    this.pods = context.informers.of(pods);
    this.sizes = new ControllerSizes(context);
  }

  get caches() {
    return [this.budgets, this.pods, ...this.sizes.caches];
  }

  async reconcile(key: string): Promise<ReconcileResult> {
    const budget = this.budgets.get(key);
    if (!budget) return {};
    try {
      return await this.#count(budget);
    } catch (error) {
      if (isStatus(error)) throw error;
      const message = error instanceof Error ? error.message : String(error);
      this.#tell(
        budget,
        'CalculateExpectedPodCountFailed',
        `Failed to calculate the number of expected pods: ${message}`,
      );
      await this.#write(budget, failedStatus(budget, message, this.#context.clock.now()));
      return { requeueAfterMs: failedRecheckMs };
    }
  }

  async #count(budget: V1PodDisruptionBudget): Promise<ReconcileResult> {
    const { clock } = this.#context;
    const { selector } = budget.spec ?? {};
    const selected = this.pods
      .list(budget.metadata?.namespace)
      .filter(({ metadata }) => selectorMatches(selector, metadata?.labels));
    if (selected.length === 0) {
      const happening = { type: 'Normal', reason: 'NoPods', message: 'No matching pods found' } as const;
      this.#events.record(poddisruptionbudgets, budget, happening);
    }
    const { expected, unmanaged } = needsSizes(budget)
      ? await this.sizes.together(selected)
      : { expected: 0, unmanaged: [] };
    if (unmanaged.length > 0) this.#tell(budget, 'UnmanagedPods', unmanagedText(selector));
    const { status, changesInMs, remaining } = computeStatus({ budget, pods: selected, expected }, clock.now());
    for (const pod of remaining) this.#tellNotDeleted(budget, pod);
    await this.#write(budget, status);
    return changesInMs === undefined ? {} : { requeueAfterMs: changesInMs };
  }

  async #write(budget: V1PodDisruptionBudget, status: V1PodDisruptionBudgetStatus): Promise<void> {
    if (same(budget.status, status)) return;
    await this.#context.client.update(poddisruptionbudgets, { ...budget, status }, { subresource: 'status' });
  }

  #tell(budget: V1PodDisruptionBudget, reason: string, message: string): void {
    this.#events.record(poddisruptionbudgets, budget, { type: 'Warning', reason, message });
  }

  #tellNotDeleted({ metadata }: V1PodDisruptionBudget, pod: V1Pod): void {
    const message = `Pod was expected by PDB ${metadata?.namespace}/${metadata?.name} to be deleted but it wasn't`;
    this.#events.record(pods, pod, { type: 'Warning', reason: 'NotDeleted', message });
  }
}

function unmanagedText(selector: object | undefined): string {
  return (
    `Pods selected by this PodDisruptionBudget (selector: ${JSON.stringify(selector)}) were found to be unmanaged. ` +
    'As a result, the status of the PDB cannot be calculated correctly, which may result in undefined behavior. ' +
    'To account for these pods please set ".spec.minAvailable" field of the PDB to an integer value.'
  );
}
