import type { KubeObject } from '../../libs/api/meta.ts';
import type { Patch } from '../../libs/client/client.ts';

type Json = Record<string, unknown>;

/** Merge keys of the lists that controllers patch strategically. */
const mergeKeys: Record<string, string> = { ownerReferences: 'uid', conditions: 'type', taints: 'key' };

const isMap = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value);

/** The object after the patch; strategic patches are known for a few lists only, JSON patches for add, replace, remove. */
export function applyPatch<T extends KubeObject>(object: T, patch: Patch): T {
  if (patch.type === 'json') return jsonPatch(object, patch.body as JsonOperation[]);
  if (patch.type === 'apply') throw new Error('the fake client does not apply');
  return merge(object, patch.body, patch.type === 'strategic') as T;
}

function merge(target: unknown, patch: unknown, strategic: boolean): unknown {
  if (!isMap(patch)) return patch;
  const result: Json = isMap(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    const mergeKey = mergeKeys[key];
    if (value === null) delete result[key];
    else if (strategic && key.startsWith('$deleteFromPrimitiveList/')) {
      const name = key.slice('$deleteFromPrimitiveList/'.length);
      result[name] = ((result[name] as unknown[]) ?? []).filter((item) => !(value as unknown[]).includes(item));
    } else if (strategic && mergeKey && Array.isArray(value)) result[key] = mergeList(result[key], value, mergeKey);
    else result[key] = merge(result[key], value, strategic);
  }
  return result;
}

function mergeList(target: unknown, patch: unknown[], mergeKey: string): unknown[] {
  const result = [...((target as Json[] | undefined) ?? [])];
  for (const item of patch as Json[]) {
    const at = result.findIndex((existing) => existing[mergeKey] === item[mergeKey]);
    if (item.$patch === 'delete') {
      if (at >= 0) result.splice(at, 1);
    } else if (at >= 0) result[at] = merge(result[at], item, true) as Json;
    else result.push(item);
  }
  return result;
}

interface JsonOperation {
  op: 'add' | 'replace' | 'remove';
  path: string;
  value?: unknown;
}

function jsonPatch<T>(object: T, operations: JsonOperation[]): T {
  const copy = structuredClone(object);
  for (const { op, path, value } of operations) {
    const steps = path
      .split('/')
      .slice(1)
      .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
    const last = steps.pop() ?? '';
    let parent = copy as Json;
    for (const step of steps) parent = parent[step] as Json;
    if (Array.isArray(parent)) parent.splice(Number(last), op === 'add' ? 0 : 1, ...(op === 'remove' ? [] : [value]));
    else if (op === 'remove') delete parent[last];
    else parent[last] = value;
  }
  return copy;
}
