import type { Judging } from './judging.ts';
import type { Refusal } from './plugin.ts';

/** What one plugin has against a node. */
export interface NodeRefusal {
  name: string;
  refusal: Refusal;
  isResolvable: boolean;
}

/** Why no node at all will do; undefined when nodes differ. */
export function objectionOf(judging: readonly Judging[]): Refusal | undefined {
  for (const { objection } of judging) {
    const refusal = objection?.();
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}

/** The first refusal of a node as things stand now, plugin by plugin, past all that a view has kept. */
export function firstRefusal(judging: readonly Judging[], slot: number): Refusal | undefined {
  for (const { fixed, local, regional } of judging) {
    regional?.begin?.();
    local?.epoch?.();
    const refusal = fixed?.filter?.(slot) ?? local?.filter?.(slot) ?? regional?.filter?.(slot);
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}

/** Every plugin that refuses a node, with its words and whether fewer pods there could change its mind. */
export function allRefusals(judging: readonly Judging[], slot: number): NodeRefusal[] {
  return judging.flatMap(({ name, isResolvable, fixed, local, regional }) => {
    const refusal = fixed?.filter?.(slot) ?? local?.filter?.(slot) ?? regional?.filter?.(slot);
    return refusal === undefined ? [] : [{ name, refusal, isResolvable }];
  });
}
