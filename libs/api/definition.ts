import type { V1JSONSchemaProps } from './gen/types.ts';
import type { KubeObject, ObjectMeta, Resource } from './meta.ts';

/** One refusal of a field. Reasons are those of Kubernetes' field errors as they appear in Status causes. */
export interface FieldError {
  /** Path such as `spec.containers[0].image`. */
  field: string;
  reason:
    | 'FieldValueRequired'
    | 'FieldValueInvalid'
    | 'FieldValueNotSupported'
    | 'FieldValueForbidden'
    | 'FieldValueTooLong'
    | 'FieldValueTooMany'
    | 'FieldValueDuplicate'
    | 'FieldValueNotFound'
    | 'FieldValueTypeInvalid'
    | 'InternalError';
  message: string;
  /** Whether the message goes without the value that stands at the field. */
  hidesValue?: boolean;
}

/** One column of a Table. `cell` must be quick: it runs for each row. */
export interface PrinterColumn<T extends KubeObject = KubeObject> {
  name: string;
  type: 'string' | 'integer' | 'number' | 'boolean' | 'date';
  /** `name` for the name column. */
  format?: string;
  description: string;
  /** 0 is always shown, 1 only with `-o wide`. */
  priority?: number;
  /**
   * What it says of an object: JSON, or `Elapsed` (kinds/cells.ts) of how long ago something was. It is not told what time
   * it is, so that a row need not be made anew as time goes by.
   */
  cell(object: T): unknown;
}

/** Source: meta.k8s.io/v1 TableRowCondition. */
export interface RowCondition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
}

export interface ScaleDefinition {
  specReplicasPath: string;
  statusReplicasPath: string;
  /** Where the label selector stands; a string or a LabelSelector. */
  selectorPath?: string;
}

/** A part of an object that has an address of its own. */
export interface Subresource {
  readonly name: string;
  /** What it answers with. */
  readonly kind: string;
  /** Those of the resource when absent. */
  readonly group?: string;
  readonly version?: string;
  readonly verbs: readonly string[];
}

/** Reads one selectable field. Declared as a method so that a definition of a kind is also one of KubeObject. */
type FieldReader<T> = { read(object: T): string }['read'];

/** What a subresource may change of an object. */
export interface SubresourceUpdate<T extends KubeObject = KubeObject> {
  /** Takes everything else over from the previous state. */
  prepare(draft: T, previous: T): void;
  validate(draft: T, previous: T): FieldError[];
}

/**
 * All that makes a kind different from any other. A kind is this data, in one file under kinds/, listed once in
 * kinds/index.ts; the machinery that serves it is common to all.
 *
 * `draft` parameters are private copies that the function completes in place; other objects are never changed.
 */
export interface ResourceDefinition<T extends KubeObject = KubeObject> extends Resource<T> {
  readonly singular: string;
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
  /** The name of its type in gen/types.ts and in the schema, e.g. `V1Pod`. */
  readonly type: string;
  /** Of a custom kind: the schema that it was defined with. */
  readonly customSchema?: V1JSONSchemaProps;
  /** Verbs it answers when not the usual eight. */
  readonly verbs?: readonly string[];
  /** Whether `status` is a subresource with a writer of its own. */
  readonly hasStatus?: boolean;
  readonly scale?: ScaleDefinition;
  /** Subresources besides status and scale, for discovery; the API server routes them by name. */
  readonly subresources?: readonly Subresource[];
  /** Whether metadata.generation counts changes of the specification. */
  readonly hasGeneration?: boolean;
  /** Changes that metadata.generation counts besides those of the specification. */
  countsAsChange?(draft: T, previous: T): boolean;
  /**
   * For a version that shows the objects of another resource in its own words: they are kept, listed and watched as the
   * other's, and converted on the way in and out. Conversions answer with a new object and never change the given one.
   */
  readonly storedAs?: {
    readonly resource: Resource;
    toStored(object: KubeObject): KubeObject;
    fromStored(stored: KubeObject): KubeObject;
  };
  /**
   * For kinds of several versions whose objects stand in the store as they were written: how they come from one version
   * into another. Answers in the order given, and at once where versions differ in their names only.
   */
  readonly conversion?: {
    /** The apiVersion in which objects are written. */
    readonly storedApiVersion: string;
    convert(objects: readonly KubeObject[], apiVersion: string): KubeObject[] | Promise<KubeObject[]>;
  };
  /**
   * Fills in what the schema has come to define since the object was written, on its way out. Answers with the object
   * itself where nothing is missing, and never changes it.
   */
  complete?(object: KubeObject): KubeObject;
  /** Whether an update must say which state it is made from: one without a resourceVersion is refused. */
  readonly updateNeedsVersion?: boolean;
  /** The version in which Kubernetes keeps the objects, for discovery; that of the resource when absent. */
  readonly storageVersion?: string;
  /** Whether an update may create the object. */
  readonly createOnUpdate?: boolean;

  /** Fills in the fields that the API defines a default for. Runs on every write and before validation. */
  setDefaults?(draft: T): void;
  /** Clears what a creator may not set (status, for most kinds) and sets what the server decides. */
  prepareForCreate?(draft: T): void;
  /** Carries over what an update of the main resource may not touch. */
  prepareForUpdate?(draft: T, previous: T): void;
  /** Carries over what an update of the status subresource may not touch; all but status and some metadata by default. */
  prepareForStatusUpdate?(draft: T, previous: T): void;
  validate?(object: T): FieldError[];
  validateUpdate?(object: T, previous: T): FieldError[];
  validateStatusUpdate?(object: T, previous: T): FieldError[];
  /** Updates by way of subresources that have rules of their own, besides status. */
  readonly updatesBy?: Readonly<Record<string, SubresourceUpdate<T>>>;
  /** A warning that every request for the resource is answered with, whatever comes of it. */
  readonly deprecation?: string;
  /** Advice sent back as Warning headers. */
  warnings?(object: T, previous?: T): string[];

  /** The metadata as it is shown without the object; the same when absent. */
  metadataAlone?(metadata: ObjectMeta): ObjectMeta;
  /** Name and Age when absent. */
  readonly columns?: ReadonlyArray<PrinterColumn<T>>;
  /** What rows of objects in some states say of themselves beside their cells. */
  rowConditions?(object: T): readonly RowCondition[] | undefined;
  /** Fields that field selectors may name, besides metadata.name and metadata.namespace. */
  readonly selectableFields?: Readonly<Record<string, FieldReader<T>>>;
  /**
   * Those selectable fields that most objects lack: each is '' where no member of the object has the last name of its
   * path, so that selecting by it need not parse such objects.
   */
  readonly sparseFields?: readonly string[];
}
