import type { V1CustomResourceDefinition, V1CustomResourceDefinitionCondition } from '../../api/gen/types.ts';
import type { KubeObject } from '../../api/meta.ts';
import type { Behaviour } from '../parts.ts';

/** Keeps a definition until its instances are gone. */
export const cleanupFinalizer = 'customresourcecleanup.apiextensions.k8s.io';

/** The condition by its type, put in its place; it keeps its time while it says the same. */
export function withCondition(
  conditions: readonly V1CustomResourceDefinitionCondition[] | undefined,
  condition: V1CustomResourceDefinitionCondition,
): V1CustomResourceDefinitionCondition[] {
  const all = [...(conditions ?? [])];
  const at = all.findIndex(({ type }) => type === condition.type);
  const before = all[at];
  const { lastTransitionTime } = before?.status === condition.status ? before : condition;
  if (before) all[at] = { ...condition, lastTransitionTime };
  else all.push(condition);
  return all;
}

/** Definitions stay while they have instances. */
export const definitionBehaviour: Behaviour = {
  onlyMarked: true,
  heldBack: ({ metadata }: KubeObject) => !metadata?.deletionTimestamp,
  markDeleted(draft: KubeObject) {
    const definition = draft as V1CustomResourceDefinition;
    const metadata = definition.metadata ?? {};
    const finalizers = metadata.finalizers ?? [];
    if (!finalizers.includes(cleanupFinalizer)) metadata.finalizers = [...finalizers, cleanupFinalizer];
    const condition = {
      ...{ type: 'Terminating', status: 'True', reason: 'InstanceDeletionPending' },
      message: 'CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon',
      lastTransitionTime: metadata.deletionTimestamp,
    };
    const status = definition.status ?? ({} as NonNullable<V1CustomResourceDefinition['status']>);
    definition.status = { ...status, conditions: withCondition(status.conditions, condition) };
  },
};
