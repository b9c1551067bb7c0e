import type { ScaleDefinition } from '../api/definition.ts';
import type { V1CustomResourceDefinition } from '../api/gen/types.ts';
import { customresourcedefinitions } from '../api/kinds/customresourcedefinition.ts';
import type { Resource } from '../api/meta.ts';
import type { InformerSet } from '../client/informer-set.ts';
import type { Syncable } from './controller.ts';
import { same } from './same.ts';

/** A custom kind as the cluster serves it now. */
export interface CustomKind {
  readonly resource: Resource;
  readonly scale?: ScaleDefinition;
}

export interface CustomKindHandler {
  added?(kind: CustomKind): void;
  removed?(kind: CustomKind): void;
}

/** The custom kinds of a cluster, as their definitions come and go. */
export class CustomKinds {
  readonly #kinds = new Map<string, CustomKind>();
  readonly #handlers: CustomKindHandler[] = [];
  /** Of the definitions themselves. */
  readonly cache: Syncable;

  constructor(informers: InformerSet) {
    const definitions = informers.of(customresourcedefinitions);
    this.cache = definitions;
    definitions.addHandler({
      added: (definition) => this.#look(definition),
      updated: (definition) => this.#look(definition),
      deleted: ({ metadata }) => this.#forget(metadata?.name ?? ''),
    });
  }

  list(): readonly CustomKind[] {
    return [...this.#kinds.values()];
  }

  /** The handler hears of those that stand at once. */
  follow(handler: CustomKindHandler): void {
    this.#handlers.push(handler);
    for (const kind of this.#kinds.values()) handler.added?.(kind);
  }

  #look(definition: V1CustomResourceDefinition): void {
    const name = definition.metadata?.name ?? '';
    const kind = kindOf(definition);
    if (same(kind, this.#kinds.get(name))) return;
    this.#forget(name);
    if (!kind) return;
    this.#kinds.set(name, kind);
    for (const handler of this.#handlers) handler.added?.(kind);
  }

  #forget(name: string): void {
    const kind = this.#kinds.get(name);
    if (!kind) return;
    this.#kinds.delete(name);
    for (const handler of this.#handlers) handler.removed?.(kind);
  }
}

/** In the first version that is served; undefined while none is. */
function kindOf({ spec, status }: V1CustomResourceDefinition): CustomKind | undefined {
  const established = status?.conditions?.some((one) => one.type === 'Established' && one.status === 'True');
  const version = spec.versions.find(({ served }) => served);
  if (!established || !version) return undefined;
  const { group, names, scope } = spec;
  const { plural, kind } = names;
  const scale = version.subresources?.scale;
  return {
    resource: { group, version: version.name, kind, plural, namespaced: scope === 'Namespaced' },
    scale: scale && {
      specReplicasPath: scale.specReplicasPath,
      statusReplicasPath: scale.statusReplicasPath,
      selectorPath: scale.labelSelectorPath,
    },
  };
}
