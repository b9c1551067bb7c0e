import type { ListAnswer } from '../../libs/registry/requests.ts';

/** The metadata of a list, whatever form its items have. Source: meta.k8s.io/v1 ListMeta. */
export function listMetadata(answer: ListAnswer) {
  return {
    resourceVersion: String(answer.revision),
    continue: answer.continue,
    remainingItemCount: answer.remaining,
  };
}
