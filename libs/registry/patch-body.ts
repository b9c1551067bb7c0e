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
      if (!schema.has(typeName)) throw unsupported(request.type);
      return applyStrategicPatch(object, request.body, schema.type(typeName));
    default:
      throw unsupported(request.type);
  }
}

/** Custom kinds say nothing about how their lists are merged. */
function unsupported(type: string): StatusError {
  return new StatusError('UnsupportedMediaType', `patches of type ${type} are not served here`);
}
