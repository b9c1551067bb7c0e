import type { KubeObject } from '../api/meta.ts';
import { applyJsonPatch } from '../api/patch/json-patch.ts';
import { applyMergePatch } from '../api/patch/merge-patch.ts';
import { applyStrategicPatch } from '../api/patch/strategic-patch.ts';
import { schema } from '../api/schema/schema.ts';
import { StatusError } from '../base/status.ts';
import type { PatchRequest } from './requests.ts';

/** The object after a JSON, merge or strategic merge patch. `object` is a private draft. @throws StatusError. */
export function applyPlainPatch(request: PatchRequest, object: KubeObject, typeName: string): unknown {
  switch (request.type) {
    case 'json':
      return applyJsonPatch(object, request.body);
    case 'merge':
      return applyMergePatch(object, request.body);
    case 'strategic':
      return applyStrategicPatch(object, request.body, schema.type(typeName));
    default:
      throw new StatusError('UnsupportedMediaType', `patches of type ${request.type} are not served here`);
  }
}
