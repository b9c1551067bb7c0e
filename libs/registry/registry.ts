import type { ResourceDefinition } from '../api/definition.ts';
import { answeredWithDeleted } from '../api/kinds/answered-deletions.ts';
import { builtinKinds } from '../api/kinds/index.ts';
import type { Resource } from '../api/meta.ts';
import { assert } from '../base/assert.ts';
import type { Clock } from '../base/clock.ts';
import type { Random } from '../base/random.ts';
import type { StoreMirror } from '../cache/mirror.ts';
import type { Store } from '../store/store.ts';
import { definitionBehaviour } from './behaviours/definitions.ts';
import { jobBehaviour } from './behaviours/jobs.ts';
import { namespaceBehaviour } from './behaviours/namespaces.ts';
import { podBehaviour } from './behaviours/pods.ts';
import { serviceBehaviour } from './behaviours/services.ts';
import type { Admission, Behaviour, Parts } from './parts.ts';
import type { Quotas } from './quotas.ts';
import type { ResourceService } from './requests.ts';
import { StoredResource } from './stored-resource.ts';
import { viewOf } from './view.ts';
import { ObjectWriter } from './writer.ts';

export interface RegistryOptions {
  readonly store: Store;
  readonly mirror: StoreMirror;
  readonly admission: Admission;
  readonly quotas?: Quotas;
  readonly clock: Clock;
  readonly random: Random;
  readonly serviceCidr: string;
}

/** A resource that the API serves and who answers for it. */
export interface ServedResource {
  readonly definition: ResourceDefinition;
  readonly service: ResourceService;
}

/** Kinds whose last state is the answer to their deletion. */
const returnsDeleted: Behaviour = { returnsDeleted: true };

const plainBehaviours: Readonly<Record<string, Behaviour>> = {
  ...Object.fromEntries([...answeredWithDeleted].map((kind) => [kind, returnsDeleted])),
  'apiextensions.k8s.io/customresourcedefinitions': definitionBehaviour,
  '/pods': podBehaviour,
  '/namespaces': namespaceBehaviour,
  '/replicationcontrollers': { orphansByDefault: true },
  'batch/jobs': jobBehaviour,
};

/** Every resource that is served, by group, version and plural. */
export class Registry {
  readonly writer: ObjectWriter;
  readonly mirror: StoreMirror;
  private readonly served = new Map<string, ServedResource>();
  private readonly options: RegistryOptions;
  private readonly behaviours: Readonly<Record<string, Behaviour>>;

  constructor(options: RegistryOptions) {
    this.options = options;
    this.mirror = options.mirror;
    this.writer = new ObjectWriter(options.store, options.mirror);
    const network = { cidr: options.serviceCidr, mirror: options.mirror, random: options.random };
    this.behaviours = { ...plainBehaviours, '/services': serviceBehaviour(network) };
    for (const definition of builtinKinds) this.serveStored(definition);
  }

  /** Serves a kind from the store. */
  serveStored(definition: ResourceDefinition): StoredResource {
    const service = new StoredResource(this.partsOf(definition), this.options.store);
    this.serve({ definition, service });
    return service;
  }

  /** Serves a resource that answers for itself, such as a review or a computed one. */
  serve(resource: ServedResource): void {
    const { group, version, plural } = resource.definition;
    this.served.set(keyOf(group, version, plural), resource);
  }

  withdraw({ group, version, plural }: { group: string; version: string; plural: string }): void {
    this.served.delete(keyOf(group, version, plural));
  }

  resource(group: string, version: string, plural: string): ServedResource | undefined {
    return this.served.get(keyOf(group, version, plural));
  }

  /** A built-in kind with what only stored kinds can do. */
  stored({ group, version, plural }: Resource): StoredResource {
    const service = this.resource(group, version, plural)?.service;
    assert(service instanceof StoredResource, `${plural} are a stored kind`);
    return service;
  }

  /** In the order in which they were added. */
  all(): ServedResource[] {
    return [...this.served.values()];
  }

  private partsOf(definition: ResourceDefinition): Parts {
    const { mirror, admission, quotas, clock, random } = this.options;
    const view = viewOf(definition);
    return {
      definition,
      mirror,
      collection: mirror.collection(view.resource.group, view.resource.plural),
      view,
      writer: this.writer,
      admission,
      quotas,
      behaviour: this.behaviours[`${definition.group}/${definition.plural}`] ?? {},
      clock,
      random,
    };
  }
}

function keyOf(group: string, version: string, plural: string): string {
  return `${group}/${version}/${plural}`;
}
