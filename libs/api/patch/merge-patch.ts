import { StatusError } from '../../base/status.ts';
import { cloneJson, isMembers, type Members, setMember } from './json-value.ts';

function merge(target: unknown, patch: unknown): unknown {
  if (!isMembers(patch)) return cloneJson(patch);
  const merged: Members = isMembers(target) ? target : {};
  for (const key of Object.keys(patch)) {
    const value = patch[key];
    if (value === null) delete merged[key];
    else setMember(merged, key, merge(Object.hasOwn(merged, key) ? merged[key] : undefined, value));
  }
  return merged;
}

/**
 * Applies a JSON merge patch (RFC 7386). `target` is taken over and changed; the patch is not.
 * @throws StatusError BadRequest for a patch that is no object.
 */
export function applyMergePatch(target: unknown, patch: unknown): unknown {
  if (!isMembers(patch)) throw new StatusError('BadRequest', 'a merge patch must be an object');
  return merge(target, patch);
}
