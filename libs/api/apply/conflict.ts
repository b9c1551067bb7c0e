import { StatusError } from '../../base/status.ts';
import type { ManagerIdentity } from './managers.ts';
import type { Taken } from './ownership.ts';
import { compareElements, writeFieldPath } from './path-element.ts';

/** A field that the applier and another manager both set, to different values. */
export interface Conflict {
  readonly identity: ManagerIdentity;
  readonly path: readonly string[];
}

function writeManager({ manager, operation, apiVersion, subresource }: ManagerIdentity): string {
  const within = subresource === '' ? '' : ` with subresource ${JSON.stringify(subresource)}`;
  return `${JSON.stringify(manager)}${within}${operation === 'Update' ? ` using ${apiVersion}` : ''}`;
}

/** By path, but of what shares a parent the fields themselves come before what lies below others. */
function comparePaths(a: readonly string[], b: readonly string[]): number {
  for (let index = 0; index < Math.min(a.length, b.length); index++) {
    const order = compareElements(a[index]!, b[index]!);
    if (order === 0) continue;
    const deeper = Number(a.length > index + 1) - Number(b.length > index + 1);
    return deeper || order;
  }
  return a.length - b.length;
}

export function conflictsOf(taken: readonly Taken[]): Conflict[] {
  const conflicts = taken.flatMap(({ owner, paths }) =>
    paths.paths().map((path) => ({ identity: owner.identity, path })),
  );
  return conflicts.sort((a, b) => {
    const order = comparePaths(a.path, b.path);
    return order || (writeManager(a.identity) < writeManager(b.identity) ? -1 : 1);
  });
}

/** The refusal that kubectl and other clients know how to show: each cause names a manager and a field. */
export function conflictError(conflicts: readonly Conflict[]): StatusError {
  const lines = conflicts.map(({ identity, path }) => `${writeManager(identity)}: ${writeFieldPath(path)}`);
  const message =
    lines.length === 1
      ? `Apply failed with 1 conflict: conflict with ${lines[0]}`
      : `Apply failed with ${lines.length} conflicts: ${lines.map((line) => `conflict with ${line}`).join('; ')}`;
  return new StatusError('Conflict', message, {
    details: {
      causes: conflicts.map(({ identity, path }) => ({
        reason: 'FieldManagerConflict',
        message: `conflict with ${writeManager(identity)}`,
        field: writeFieldPath(path),
      })),
    },
  });
}
