import type { ResourceDefinition } from '../definition.ts';
import type { KubeObject } from '../meta.ts';
import { schema } from '../schema/schema.ts';
import type { FieldSchema } from '../schema/types.ts';

/** The zero value of a field as the wire shows it: `{}` with what is always written in it, null, '', 0 or false. */
function zeroOf(field: FieldSchema): unknown {
  if (field.kind === 'list' || field.kind === 'map') return null;
  if (field.kind === 'object') return field.type ? emptyOf(field.type.name) : {};
  if (field.format === 'boolean') return false;
  if (field.format === 'int32' || field.format === 'int64' || field.format === 'double') return 0;
  return field.format === 'time' || field.format === 'micro-time' ? null : '';
}

/** A structure in which nothing is set. */
export function emptyOf(type: string): Record<string, unknown> {
  return Object.fromEntries(schema.type(type).always.map((field) => [field.name, zeroOf(field)]));
}

type WithStatus = KubeObject & { spec?: unknown; status?: unknown };

type Strategy<T extends KubeObject> = Pick<
  ResourceDefinition<T>,
  'hasStatus' | 'prepareForCreate' | 'prepareForUpdate' | 'prepareForStatusUpdate'
>;

/**
 * For kinds whose status has a writer of its own: creators and updates of the main resource leave it alone, and
 * updates of the status leave everything else alone. `statusType` names the type of the status.
 */
export function ownStatus<T extends WithStatus>(statusType: string): Strategy<T> {
  return {
    hasStatus: true,
    prepareForCreate(draft) {
      draft.status = emptyOf(statusType) as T['status'];
    },
    prepareForUpdate(draft, previous) {
      draft.status = previous.status;
    },
    prepareForStatusUpdate(draft, previous) {
      for (const field of Object.keys({ ...previous, ...draft }) as Array<keyof T>) {
        if (field !== 'status' && field !== 'metadata' && field !== 'kind' && field !== 'apiVersion')
          draft[field] = previous[field];
      }
    },
  };
}
