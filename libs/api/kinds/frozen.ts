import type { KubeObject } from '../meta.ts';
import { sameValue } from '../validation/equality.ts';
import type { UpdateRule } from '../validation/object.ts';

/** For ConfigMaps and Secrets: once `immutable` is set, it and the named fields stay. */
export function frozenFields<T extends KubeObject & { immutable?: boolean }>(
  ...names: Array<keyof T & string>
): UpdateRule<T> {
  return (object, previous, at) => {
    if (!previous.immutable) return;
    if (!object.immutable) at.forbidden('cannot be taken back', 'immutable');
    for (const name of names)
      if (!sameValue(object[name], previous[name])) at.forbidden('the object is immutable', name);
  };
}
