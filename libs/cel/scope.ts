import {
  bool,
  bytes,
  double,
  dyn,
  int,
  listOf,
  mapOf,
  nullType,
  optionalOf,
  string,
  type Type,
  uint,
} from './types.ts';

const typeNames: ReadonlyMap<string, Type> = new Map<string, Type>(
  Object.entries({
    ...{ bool, bytes, double, int, string, uint, dyn, null_type: nullType },
    list: listOf(dyn),
    map: mapOf(dyn, dyn),
    'google.protobuf.Timestamp': { kind: 'timestamp' },
    'google.protobuf.Duration': { kind: 'duration' },
    type: { kind: 'type', of: dyn },
    optional_type: optionalOf(dyn),
    'kubernetes.Quantity': { kind: 'opaque', name: 'kubernetes.Quantity' },
    'kubernetes.URL': { kind: 'opaque', name: 'kubernetes.URL' },
    'kubernetes.NamedFormat': { kind: 'opaque', name: 'kubernetes.NamedFormat' },
    'kubernetes.Semver': { kind: 'opaque', name: 'kubernetes.Semver' },
    'net.IP': { kind: 'opaque', name: 'net.IP' },
    'net.CIDR': { kind: 'opaque', name: 'net.CIDR' },
  } satisfies Record<string, Type>),
);

/** What names mean at a place of an expression: variables of folds and bindings around it, of the environment, types. */
export class Scope {
  /** Variables of the environment that have been asked for. */
  readonly reads = new Set<string>();
  /** The innermost last. */
  private readonly locals: Array<ReadonlyMap<string, Type>> = [];

  constructor(private readonly variables: ReadonlyMap<string, Type>) {}

  typeOf(name: string): Type | undefined {
    for (let i = this.locals.length - 1; i >= 0; i--) {
      const found = this.locals[i]?.get(name);
      if (found) return found;
    }
    const plain = name.replace(/^\./, '');
    const variable = this.variables.get(plain);
    if (variable) {
      this.reads.add(plain);
      return variable;
    }
    const named = typeNames.get(plain);
    return named && { kind: 'type', of: named };
  }

  isLocal(name: string): boolean {
    return this.locals.some((names) => names.has(name));
  }

  /** Runs with names that mean something there alone. */
  within<T>(names: ReadonlyMap<string, Type>, run: () => T): T {
    this.locals.push(names);
    const outcome = run();
    this.locals.pop();
    return outcome;
  }
}
