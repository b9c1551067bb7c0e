import type { FieldSchema, ListType, PatchStrategy, ScalarFormat, TypeSchema, ValueSchema, ZeroRule } from './types.ts';

const scalarFormats: ReadonlySet<string> = new Set<ScalarFormat>([
  'string',
  'boolean',
  'int32',
  'int64',
  'double',
  'time',
  'micro-time',
  'byte',
  'quantity',
  'int-or-string',
  'any',
]);

/** Where a definition's group stands in OpenAPI names, for the groups that are not under `io.k8s.api`. */
const definitionPrefixes: Readonly<Record<string, string>> = {
  apis: 'io.k8s.apimachinery.pkg.',
  version: 'io.k8s.apimachinery.pkg.',
  apiextensions: 'io.k8s.apiextensions-apiserver.pkg.apis.',
  apiregistration: 'io.k8s.kube-aggregator.pkg.apis.',
  metrics: 'io.k8s.metrics.pkg.apis.',
};

type Resolve = (name: string) => TypeSchema;

interface Traits {
  listType?: ListType;
  listKeys?: readonly string[];
  /** Overrides what the type says of itself. */
  atomic?: boolean;
}

const noKeys: readonly string[] = [];

/** One shape for all values, so that the code that walks them stays monomorphic. */
class Value implements ValueSchema {
  readonly kind: ValueSchema['kind'];
  readonly format: ScalarFormat;
  readonly element: ValueSchema | undefined;
  readonly listType: ListType;
  readonly listKeys: readonly string[];
  private readonly ownAtomic: boolean | undefined;
  private readonly typeName: string | undefined;
  private readonly resolve: Resolve;
  private resolved: TypeSchema | undefined;

  constructor(expression: string, resolve: Resolve, traits: Traits = {}) {
    const head = expression.slice(0, 2);
    const nested = head === '[]' || head === '{}';
    const scalar = !nested && scalarFormats.has(expression);
    this.kind = head === '[]' ? 'list' : head === '{}' ? 'map' : scalar ? 'scalar' : 'object';
    this.format = scalar ? (expression as ScalarFormat) : 'string';
    this.element = nested ? new Value(expression.slice(2), resolve) : undefined;
    this.listType = traits.listType ?? 'atomic';
    this.listKeys = traits.listKeys ?? noKeys;
    this.ownAtomic = scalar ? true : traits.atomic;
    this.typeName = this.kind === 'object' ? expression : undefined;
    this.resolve = resolve;
    this.resolved = undefined;
  }

  get type(): TypeSchema | undefined {
    if (this.resolved === undefined && this.typeName !== undefined) this.resolved = this.resolve(this.typeName);
    return this.resolved;
  }

  get atomic(): boolean {
    return this.ownAtomic ?? this.type?.atomic ?? false;
  }
}

class Field extends Value implements FieldSchema {
  readonly name: string;
  readonly required: boolean;
  readonly zero: ZeroRule;
  readonly patchStrategies: readonly PatchStrategy[];
  readonly mergeKey: string | undefined;
  readonly default: unknown;
  readonly nullable = false;

  /** @param text such as `ports []V1ContainerPort dropped map=containerPort,protocol merge=containerPort` */
  constructor(text: string, resolve: Resolve) {
    const [name = '', expression = '', zero = '', ...words] = text.split(' ');
    const values = new Map(words.filter((word) => word.includes('=')).map(pairOf));
    super(expression, resolve, traitsOf(words, values));
    this.name = name;
    this.required = words.includes('required');
    this.zero = zero as ZeroRule;
    this.mergeKey = values.get('merge');
    this.default = values.get('default');
    const strategies: PatchStrategy[] = this.mergeKey === undefined ? [] : ['merge'];
    for (const word of ['retainKeys', 'replace'] as const) if (words.includes(word)) strategies.push(word);
    this.patchStrategies = strategies;
  }
}

const pairOf = (word: string): [string, string] => {
  const sign = word.indexOf('=');
  return [word.slice(0, sign), word.slice(sign + 1)];
};

function traitsOf(words: readonly string[], values: ReadonlyMap<string, string>): Traits {
  const keys = values.get('map');
  if (keys !== undefined) return { listType: 'map', listKeys: keys.split(',') };
  if (words.includes('set')) return { listType: 'set' };
  if (words.includes('atomic')) return { atomic: true };
  return words.includes('granular') ? { atomic: false } : {};
}

function definitionName(short: string): string {
  const group = short.slice(0, short.indexOf('.'));
  return `${definitionPrefixes[group] ?? 'io.k8s.api.'}${short}`;
}

/** One line of gen/schema.ts as a type. */
export function parseType(name: string, line: string, resolve: Resolve): TypeSchema {
  const [head = '', ...rest] = line.split('|');
  const [definition = '', self] = head.split(' ');
  const fields = new Map<string, FieldSchema>(
    rest.map((text) => {
      const field = new Field(text, resolve);
      return [field.name, field];
    }),
  );
  return {
    name,
    definition: definitionName(definition),
    fields,
    always: [...fields.values()].filter((field) => field.zero === 'always'),
    atomic: self === 'atomic',
    preservesUnknown: false,
  };
}
