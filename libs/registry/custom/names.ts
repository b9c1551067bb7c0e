import type {
  V1CustomResourceDefinition,
  V1CustomResourceDefinitionCondition,
  V1CustomResourceDefinitionNames,
  V1CustomResourceDefinitionStatus,
} from '../../api/gen/types.ts';
import { withCondition } from '../behaviours/definitions.ts';

/** Names of one group that are taken already. */
export interface TakenNames {
  /** Plurals, singulars and short names. */
  readonly resources: ReadonlySet<string>;
  readonly kinds: ReadonlySet<string>;
}

/** The names that other definitions of the group, and built-in resources, have. */
export function takenNames(
  crd: V1CustomResourceDefinition,
  others: Iterable<V1CustomResourceDefinition>,
  builtin: Iterable<{ group: string; plural: string; kind: string }>,
): TakenNames {
  const resources = new Set<string>();
  const kinds = new Set<string>();
  for (const other of others) {
    if (other.spec.group !== crd.spec.group || other.metadata?.name === crd.metadata?.name) continue;
    const {
      plural,
      singular,
      shortNames = [],
      kind,
      listKind,
    } = other.status?.acceptedNames ?? { plural: '', kind: '' };
    for (const name of [plural, singular, ...shortNames]) if (name) resources.add(name);
    for (const name of [kind, listKind]) if (name) kinds.add(name);
  }
  for (const { group, plural, kind } of builtin) {
    if (group !== crd.spec.group) continue;
    resources.add(plural);
    kinds.add(kind);
  }
  return { resources, kinds };
}

interface Names {
  readonly accepted: V1CustomResourceDefinitionNames;
  /** What is in the way; undefined when nothing is. */
  readonly conflict?: { readonly reason: string; readonly message: string };
}

/** Which of its names a definition may have. What it has already it keeps. */
function namesOf({ spec, status }: V1CustomResourceDefinition, { resources, kinds }: TakenNames): Names {
  const accepted = { ...(status?.acceptedNames ?? { plural: '', kind: '' }) };
  const wanted = spec.names;
  let conflict: Names['conflict'];
  const take = (field: 'plural' | 'singular' | 'kind' | 'listKind', taken: ReadonlySet<string>, reason: string) => {
    const name = wanted[field];
    if (name === undefined) return;
    if (accepted[field] !== name && taken.has(name)) conflict = inUse(reason, name);
    else accepted[field] = name;
  };
  take('plural', resources, 'PluralConflict');
  take('singular', resources, 'SingularConflict');
  const short = wanted.shortNames?.filter((name) => !accepted.shortNames?.includes(name) && resources.has(name)) ?? [];
  if (short.length > 0) conflict = inUse('ShortNamesConflict', short[0]!);
  else accepted.shortNames = wanted.shortNames;
  take('kind', kinds, 'KindConflict');
  take('listKind', kinds, 'ListKindConflict');
  accepted.categories = wanted.categories;
  return { accepted, conflict };
}

function inUse(reason: string, name: string) {
  return { reason, message: `${JSON.stringify(name)} is already in use` };
}

/** What a definition's status should say, and whether its kind is served. */
export function standing(
  crd: V1CustomResourceDefinition,
  taken: TakenNames,
  now: string,
): { status: V1CustomResourceDefinitionStatus; served: boolean } {
  const { accepted, conflict } = namesOf(crd, taken);
  const wasEstablished = crd.status?.conditions?.some(
    ({ type, status }) => type === 'Established' && status === 'True',
  );
  const condition = (type: string, status: string, [reason, message]: readonly [string, string]) => {
    return { type, status, reason, message, lastTransitionTime: now } satisfies V1CustomResourceDefinitionCondition;
  };
  const names = conflict
    ? condition('NamesAccepted', 'False', [conflict.reason, conflict.message])
    : condition('NamesAccepted', 'True', ['NoConflicts', 'no conflicts found']);
  const served = wasEstablished || !conflict;
  const established = served
    ? condition('Established', 'True', ['InitialNamesAccepted', 'the initial names have been accepted'])
    : condition('Established', 'False', ['NotAccepted', 'not all names are accepted']);
  const conditions = withCondition(withCondition(crd.status?.conditions, names), established);
  const storedVersions = crd.status?.storedVersions ?? [];
  return { status: { acceptedNames: accepted, storedVersions, conditions }, served };
}
