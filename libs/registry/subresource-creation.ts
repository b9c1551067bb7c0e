import type { V1Binding } from '../api/gen/types.ts';
import type { KubeObject, ObjectName } from '../api/meta.ts';
import { bindPod, type PodBinder } from './binder.ts';
import type { ServedResource } from './registry.ts';
import type { WriteRequest } from './requests.ts';

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
