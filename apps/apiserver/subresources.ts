import type { ResourceDefinition } from '../../libs/api/definition.ts';
import { bindings, createdParts } from '../../libs/api/kinds/review.ts';
import type { ServiceAccountTokens } from '../../libs/auth/service-account-tokens.ts';
import type { PodBinder } from '../../libs/registry/binder.ts';
import { type EvictionParts, evictionCreator } from '../../libs/registry/eviction.ts';
import { expectedOf } from '../../libs/registry/expected-type.ts';
import { checkFields } from '../../libs/registry/field-validation.ts';
import type { Admission } from '../../libs/registry/parts.ts';
import {
  bindingCreator,
  type SubresourceCreation,
  type SubresourceCreator,
} from '../../libs/registry/subresource-creation.ts';
import { tokenCreator } from '../../libs/registry/token-request.ts';
import { readObject } from './bodies.ts';
import { writeRequest } from './parameters.ts';
import type { ResourceCall } from './resource-call.ts';

export interface SubresourceParts extends EvictionParts {
  readonly binder: PodBinder;
  readonly tokens: ServiceAccountTokens;
  readonly admission: Admission;
}

/** A part of an object that is created: what its bodies are, and how. */
interface CreatedPart {
  readonly kind: ResourceDefinition;
  readonly create: SubresourceCreator;
}

/** The subresources that are created, by resource. */
export class SubresourceTable {
  private readonly creators = new Map<string, CreatedPart>();

  constructor(private readonly parts: SubresourceParts) {
    const { binder, tokens, objects, clock } = parts;
    this.add('/pods/binding', { kind: bindings, create: bindingCreator(binder) });
    this.add('/serviceaccounts/token', { kind: createdParts.token, create: tokenCreator({ tokens, objects, clock }) });
    this.add('/pods/eviction', { kind: createdParts.eviction, create: evictionCreator(parts) });
  }

  /** `path` is `group/plural/subresource`. */
  add(path: string, part: CreatedPart): void {
    this.creators.set(path, part);
  }

  /** Creates through HTTP; undefined when the subresource cannot be created. */
  async create(call: ResourceCall): Promise<object | undefined> {
    const part = this.find(call.served.definition, call.at.subresource);
    if (!part) return undefined;
    const body = readObject(call.body, expectedOf(part.kind));
    const request = writeRequest(call.asker, call.info, call.at.subresource);
    checkFields(part.kind, body, request);
    const creation: SubresourceCreation = {
      at: { namespace: call.at.namespace, name: call.at.name ?? '' },
      body: body.object,
      served: call.served,
      request,
    };
    return this.admitted(creation, part.create);
  }

  run(creation: SubresourceCreation): Promise<object> | undefined {
    const part = this.find(creation.served.definition, creation.request.subresource);
    return part && this.admitted(creation, part.create);
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
