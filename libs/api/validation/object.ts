import type { FieldError, ResourceDefinition } from '../definition.ts';
import type { KubeObject, ObjectMeta } from '../meta.ts';
import { sameValue } from './equality.ts';
import { metadata, metadataChange, metadataUpdate } from './metadata.ts';
import { pathSegment } from './names.ts';
import { Report, type Step } from './report.ts';
import type { Rule } from './rule.ts';

/** What an update may not do, given the object as it was. */
export type UpdateRule<T> = (object: T, previous: T, at: Report) => void;

export interface ObjectRules<T extends KubeObject> {
  readonly metadata: Rule<ObjectMeta>;
  /** What holds for an object however it came about. */
  readonly object?: Rule<T>;
  /** What holds for a new object only. */
  readonly created?: Rule<T>;
  /** Changes that are refused before the object itself is looked at ... */
  readonly before?: UpdateRule<T>;
  /** ... and after. */
  readonly after?: UpdateRule<T>;
  /** What holds for the status. Absent for kinds without one of its own. */
  readonly status?: UpdateRule<T>;
  /** Whether an update may name finalizers that are neither standard nor have a domain. */
  readonly freeFinalizers?: boolean;
  /** Whether an update looks at the whole of the metadata again, and not at its changes only. */
  readonly metadataAgain?: boolean;
  /** Whether an update is looked at as if the object were new first, and then as an update. */
  readonly asNewFirst?: boolean;
}

type Validations<T extends KubeObject> = Pick<
  ResourceDefinition<T>,
  'validate' | 'validateUpdate' | 'validateStatusUpdate'
>;

/** The validation of a kind, in the order in which all kinds are validated. */
export function validations<T extends KubeObject>(rules: ObjectRules<T>): Validations<T> {
  const ofMetadata = rules.freeFinalizers ? metadataChange : metadataUpdate;
  return {
    validate(object) {
      const at = new Report();
      asNew(rules, object, at);
      return at.errors;
    },
    validateUpdate(object, previous) {
      const at = new Report();
      if (rules.asNewFirst) asNew(rules, object, at);
      ofMetadata(object, previous, at);
      rules.before?.(object, previous, at);
      if (rules.metadataAgain) {
        at.enter('metadata');
        rules.metadata(object.metadata ?? {}, at, undefined);
        at.leave();
      }
      rules.object?.(object, at, undefined);
      rules.after?.(object, previous, at);
      return at.errors;
    },
    validateStatusUpdate(object, previous) {
      const at = new Report();
      ofMetadata(object, previous, at);
      rules.status?.(object, previous, at);
      return at.errors;
    },
  };
}

function asNew<T extends KubeObject>(rules: ObjectRules<T>, object: T, at: Report): void {
  at.enter('metadata');
  rules.metadata(object.metadata ?? {}, at, undefined);
  at.leave();
  rules.object?.(object, at, undefined);
  rules.created?.(object, at, undefined);
}

const anyNamespaced = metadata({ name: pathSegment, namespaced: true, freeFinalizers: true });
const anyCluster = metadata({ name: pathSegment, namespaced: false, freeFinalizers: true });

/** What every update is held to before the rules of its kind: the same things are complained of there again. */
export function anyUpdate(
  { namespaced }: { namespaced: boolean },
  object: KubeObject,
  previous: KubeObject,
): FieldError[] {
  const at = new Report();
  at.enter('metadata');
  (namespaced ? anyNamespaced : anyCluster)(object.metadata ?? {}, at, undefined);
  at.leave();
  metadataChange(object, previous, at);
  return at.errors;
}

/** Refuses changes of fields. Each is a path such as `spec.selector`; an update is compared by what it means. */
export function immutable<T>(...paths: string[]): UpdateRule<T> {
  const split = paths.map((path) => path.split('.'));
  return (object, previous, at) => {
    for (const steps of split) {
      if (!sameValue(valueAt(object, steps), valueAt(previous, steps))) at.invalid('field is immutable', ...steps);
    }
  };
}

/** Refuses any change of the specification but that of the fields named. */
export function onlyChanges<T extends { spec?: object }>(fields: readonly string[], why: string): UpdateRule<T> {
  return (object, previous, at) => {
    const [now, before] = [{ ...object.spec }, { ...previous.spec }] as Array<Record<string, unknown>>;
    for (const field of fields) now![field] = before![field];
    if (!sameValue(now, before)) at.forbidden(why, 'spec');
  };
}

function valueAt(object: unknown, steps: readonly Step[]): unknown {
  let value = object;
  for (const step of steps) value = (value as Record<Step, unknown> | undefined)?.[step];
  return value;
}

export function allUpdates<T>(...rules: ReadonlyArray<UpdateRule<T>>): UpdateRule<T> {
  return (object, previous, at) => {
    for (const rule of rules) rule(object, previous, at);
  };
}
