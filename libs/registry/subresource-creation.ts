import type { V1Binding, V1Eviction, V1Pod } from '../api/gen/types.ts';
import type { KubeObject, ObjectName } from '../api/meta.ts';
import { bindPod, type PodBinder } from './binder.ts';
import { badRequest } from './errors.ts';
import type { ServedResource } from './registry.ts';
import type { DeleteRequest, WriteRequest } from './requests.ts';

/** A subresource that is created: `binding`, `eviction`, `token`. */
export interface SubresourceCreation {
  readonly at: ObjectName;
  readonly body: KubeObject;
  readonly served: ServedResource;
  readonly request: WriteRequest;
}

export type SubresourceCreator = (creation: SubresourceCreation) => Promise<object>;

const success = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 } as const;

/** `POST pods/NAME/binding`: the scheduler's decision through the API. */
export function bindingCreator(binder: PodBinder): SubresourceCreator {
  return async ({ at, body, request }) => {
    await bindPod(binder, at, { binding: body as V1Binding, request });
    return success;
  };
}

/** `POST pods/NAME/eviction`: a deletion that disruption budgets may refuse. */
export const evictionCreator: SubresourceCreator = async ({ at, body, served, request }) => {
  const eviction = body as V1Eviction;
  if (eviction.metadata?.name && eviction.metadata.name !== at.name) {
    throw badRequest('name in URL does not match name in Eviction object');
  }
  const options = (eviction.deleteOptions ?? {}) as Partial<DeleteRequest>;
  const pod = (await served.service.get(at)).object as V1Pod;
  await served.service.delete(at, {
    user: request.user,
    warn: request.warn,
    dryRun: request.dryRun,
    gracePeriodSeconds: options.gracePeriodSeconds,
    propagationPolicy: options.propagationPolicy,
    preconditions: { uid: options.preconditions?.uid ?? pod.metadata?.uid },
  });
  return success;
};
