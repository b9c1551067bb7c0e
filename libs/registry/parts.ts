import type { ResourceDefinition } from '../api/definition.ts';
import type { KubeObject, ObjectName } from '../api/meta.ts';
import type { Clock } from '../base/clock.ts';
import type { Random } from '../base/random.ts';
import type { Collection } from '../cache/collection.ts';
import type { StoreMirror } from '../cache/mirror.ts';
import type { Guard, Write } from '../store/store.ts';
import type { Quotas } from './quotas.ts';
import type { DeleteRequest, WriteRequest } from './requests.ts';
import type { View } from './view.ts';
import type { ObjectWriter } from './writer.ts';

/** `connect` opens a stream into the object, as exec and attach do; what it is opened with is the object then. */
export type Operation = 'create' | 'update' | 'delete' | 'connect';

/** One write on its way into the store, as admission sees it. */
export interface AdmissionAttributes {
  readonly operation: Operation;
  readonly definition: ResourceDefinition;
  readonly at: Partial<ObjectName>;
  /**
   * The draft that may still be changed; undefined for deletions. Its sections, other than metadata, may be those of
   * `previous`: who changes one puts another in its place.
   */
  readonly object: KubeObject | undefined;
  readonly previous: KubeObject | undefined;
  readonly request: WriteRequest | DeleteRequest;
  readonly subresource: string | undefined;
}

/** Looks at every write; answers undefined where nothing had to be waited for. */
export interface Admission {
  /** After defaults and before validation: may complete the draft or refuse with a StatusError. */
  admit(attributes: AdmissionAttributes): Promise<void> | undefined;
  /** After validation, on what will be stored: may only refuse. */
  validate(attributes: AdmissionAttributes): Promise<void> | undefined;
}

/** More guards and writes that belong in the transaction of an object, such as an address taken. */
export interface Rider {
  readonly guards: readonly Guard[];
  readonly writes: readonly Write[];
  /** Whether a failed guard is the rider's own, so that the write is tried again with another choice. */
  readonly retries: boolean;
  /** Takes back what was chosen for the draft, before another try. */
  undo?(): void;
}

/** What a kind does beyond the common machinery when it is written. */
export interface Behaviour {
  /** The deleted object is the answer to its deletion. */
  readonly returnsDeleted?: boolean;
  /** A deletion leaves a mark and no more at first: it counts no grace, and the generation stays. */
  readonly onlyMarked?: boolean;
  /** What happens to dependents when a deletion does not say. */
  readonly orphansByDefault?: boolean;
  /** Said of a deletion that leaves this to the default. */
  readonly orphaningWarning?: string;
  /** How long the object stays after its deletion has been asked for; 0 lets it go at once. */
  gracePeriodSeconds?(object: KubeObject, request: DeleteRequest): number;
  /** Completes the draft of an object whose deletion begins. */
  markDeleted?(draft: KubeObject): void;
  /** Whether the object must stay although it has no finalizers in its metadata. */
  heldBack?(object: KubeObject): boolean;
  /** Chooses and takes what must be unique in the cluster; may set fields of the draft. */
  reserve?(draft: KubeObject | undefined, previous: KubeObject | undefined): Rider | undefined;
  /** How an update through a subresource other than status becomes an update of the whole object, by subresource. */
  readonly carry?: Readonly<Record<string, (draft: KubeObject, previous: KubeObject) => void>>;
  /** Refuses a deletion. @throws StatusError. */
  checkDelete?(object: KubeObject): void;
}

/** What the operations on one stored resource work with. */
export interface Parts {
  readonly definition: ResourceDefinition;
  readonly mirror: StoreMirror;
  readonly collection: Collection;
  readonly view: View;
  readonly writer: ObjectWriter;
  readonly admission: Admission;
  /** Absent: nothing is bounded. */
  readonly quotas: Quotas | undefined;
  readonly behaviour: Behaviour;
  readonly clock: Clock;
  readonly random: Random;
}
