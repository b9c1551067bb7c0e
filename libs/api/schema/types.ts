/** How a value that is not a structure, list or map travels in JSON. */
export type ScalarFormat =
  | 'string'
  | 'boolean'
  | 'int32'
  | 'int64'
  | 'double'
  /** RFC 3339 in whole seconds. */
  | 'time'
  /** RFC 3339 in microseconds. */
  | 'micro-time'
  /** Base64. */
  | 'byte'
  | 'quantity'
  | 'int-or-string'
  /** Any JSON: raw extensions, JSON Schema's parts. */
  | 'any';

export type ListType = 'map' | 'set' | 'atomic';

/**
 * What stands at one place of an object. Lists and maps have an `element`, objects a `type`, everything else a `format`.
 */
export interface ValueSchema {
  readonly kind: 'scalar' | 'object' | 'list' | 'map';
  /** `string` for anything but scalars; `any` where other values pass, for validation to refuse (custom resources). */
  readonly format: ScalarFormat;
  readonly element: ValueSchema | undefined;
  /** Of kind `object`. Types refer to each other in circles, hence looked up when first asked for. */
  readonly type: TypeSchema | undefined;
  /** Of lists: how server-side apply merges them; `atomic` where the API says nothing. */
  readonly listType: ListType;
  /** Of lists of type `map`: the fields that identify an item. */
  readonly listKeys: readonly string[];
  /** Whether server-side apply takes the value as one; of scalars, false only for free JSON in custom resources. */
  readonly atomic: boolean;
}

/** What JSON shows of a field that holds its zero value. */
export type ZeroRule =
  /** The zero value: {} for a structure, null for a time or a list, '' or 0 or false. */
  | 'always'
  /** What was given, if anything was. */
  | 'kept'
  /** Nothing. */
  | 'dropped';

export type PatchStrategy = 'merge' | 'replace' | 'retainKeys';

export interface FieldSchema extends ValueSchema {
  readonly name: string;
  readonly required: boolean;
  readonly zero: ZeroRule;
  /** Strategies of strategic merge patch; most fields have none. */
  readonly patchStrategies: readonly PatchStrategy[];
  /** The field by which strategic merge patch identifies items; '' for lists of scalars. */
  readonly mergeKey: string | undefined;
  /** Whether null is a value of its own (custom resources); elsewhere it is the same as absence. */
  readonly nullable: boolean;
  /** What stands in where the field, being a key of a list map, is missing. */
  readonly default: unknown;
}

export interface TypeSchema {
  /** As in gen/types.ts, e.g. `V1Pod`. */
  readonly name: string;
  /** As in OpenAPI, e.g. `io.k8s.api.core.v1.Pod`. */
  readonly definition: string;
  readonly fields: ReadonlyMap<string, FieldSchema>;
  /** Fields whose zero value is written. */
  readonly always: readonly FieldSchema[];
  /** Whether server-side apply takes the structure as one. */
  readonly atomic: boolean;
  /** Whether fields that the schema does not name are kept as they are (custom resources). */
  readonly preservesUnknown: boolean;
}

export interface GroupVersionKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}
