import type { KubeObject } from '../api/meta.ts';
import { applyJsonPatch } from '../api/patch/json-patch.ts';
import { isMembers } from '../api/patch/json-value.ts';
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

/** The top-level fields that a patch may change; undefined when they cannot be told. */
export function sectionsOf({ type, body }: PatchRequest): ReadonlySet<string> | undefined {
  if (type === 'json') return Array.isArray(body) ? sectionsOfOperations(body) : undefined;
  const names = Object.keys(isMembers(body) ? body : {});
  // Directives at the top are about the whole object.
  return names.some((name) => name.startsWith('$')) ? undefined : new Set(names);
}

function sectionsOfOperations(operations: readonly unknown[]): ReadonlySet<string> | undefined {
  const names = new Set<string>();
  for (const operation of operations) {
    if (!isMembers(operation)) return undefined;
    for (const pointer of [operation.path, operation.from]) {
      if (pointer === undefined) continue;
      const [root, name] = typeof pointer === 'string' ? pointer.split('/', 2) : [];
      if (root !== '' || !name) return undefined;
      names.add(name);
    }
  }
  return names;
}
