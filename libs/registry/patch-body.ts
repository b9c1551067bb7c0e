import type { KubeObject } from '../api/meta.ts';
import { StatusError } from '../base/status.ts';
import type { PatchRequest } from './requests.ts';

/** The object after a JSON, merge or strategic merge patch. `object` is a private draft. @throws StatusError. */
export function applyPlainPatch(request: PatchRequest, object: KubeObject, _typeName: string): KubeObject {
  if (request.type === 'merge' || request.type === 'strategic') return merge(object, request.body) as KubeObject;
  throw new StatusError('UnsupportedMediaType', `patches of type ${request.type} are not served`);
}

function merge(target: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch;
  const base = typeof target === 'object' && target !== null && !Array.isArray(target) ? target : {};
  const merged: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete merged[key];
    else merged[key] = merge(merged[key], value);
  }
  return merged;
}
