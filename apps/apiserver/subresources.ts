import type { ServiceAccountTokens } from '../../libs/auth/service-account-tokens.ts';
import type { PodBinder } from '../../libs/registry/binder.ts';
import { type EvictionParts, evictionCreator } from '../../libs/registry/eviction.ts';
import type { Admission } from '../../libs/registry/parts.ts';
import {
  bindingCreator,
  type SubresourceCreation,
  type SubresourceCreator,
} from '../../libs/registry/subresource-creation.ts';
import { tokenCreator } from '../../libs/registry/token-request.ts';
import { readPlain } from './bodies.ts';
import { writeRequest } from './parameters.ts';
import type { ResourceCall } from './resource-call.ts';

export interface SubresourceParts extends EvictionParts {
  readonly binder: PodBinder;
  readonly tokens: ServiceAccountTokens;
  readonly admission: Admission;
}

/** The subresources that are created, by resource. */
export class SubresourceTable {
  private readonly creators = new Map<string, SubresourceCreator>();

  constructor(private readonly parts: SubresourceParts) {
    const { binder, tokens, objects } = parts;
    this.add('/pods/binding', bindingCreator(binder));
    this.add('/serviceaccounts/token', tokenCreator(tokens, objects));
    this.add('/pods/eviction', evictionCreator(parts));
  }

  /** `path` is `group/plural/subresource`. */
  add(path: string, creator: SubresourceCreator): void {
    this.creators.set(path, creator);
  }

  /** Creates through HTTP; undefined when the subresource cannot be created. */
  async create(call: ResourceCall): Promise<object | undefined> {
    const creator = this.find(call.served.definition, call.at.subresource);
    if (!creator) return undefined;
    const creation: SubresourceCreation = {
      at: { namespace: call.at.namespace, name: call.at.name ?? '' },
      body: readPlain(call.body),
      served: call.served,
      request: writeRequest(call.asker, call.info, call.at.subresource),
    };
    return this.admitted(creation, creator);
  }

  run(creation: SubresourceCreation): Promise<object> | undefined {
    const creator = this.find(creation.served.definition, creation.request.subresource);
    return creator && this.admitted(creation, creator);
  }

  /** Those who look at parts of objects, too, look at this one before it is created. */
  private async admitted(creation: SubresourceCreation, creator: SubresourceCreator): Promise<object> {
    const { at, body, served, request } = creation;
    const attributes = {
      operation: 'create' as const,
      definition: served.definition,
      at,
      object: body,
      previous: undefined,
      request,
      subresource: request.subresource,
    };
    const { admission } = this.parts;
    await admission.admit(attributes);
    await admission.validate(attributes);
    return creator(creation);
  }

  private find(definition: { group: string; plural: string }, subresource: string | undefined) {
    return this.creators.get(`${definition.group}/${definition.plural}/${subresource}`);
  }
}
