import type { ResourceDefinition } from '../api/definition.ts';
import { type KubeObject, type ObjectName, objectKey } from '../api/meta.ts';
import { Document } from '../cache/document.ts';
import { covers } from '../cache/event.ts';
import type { StoreMirror } from '../cache/mirror.ts';
import { notFound } from './errors.ts';
import { RefusingResource } from './refusing-resource.ts';
import type { ListAnswer, ListRequest } from './requests.ts';
import { filterOf } from './selection.ts';

/** A resource that is computed when asked for. */
export class ComputedResource extends RefusingResource {
  constructor(
    private readonly definition: ResourceDefinition,
    private readonly compute: () => KubeObject[] | Promise<KubeObject[]>,
    private readonly mirror: StoreMirror,
  ) {
    super();
  }

  override async get(at: ObjectName): Promise<Document> {
    const wanted = objectKey(at);
    const found = (await this.compute()).find((object) => keyOf(object) === wanted);
    if (!found) throw notFound(this.definition, at.name);
    return Document.ofObject(found);
  }

  override async list(request: ListRequest): Promise<ListAnswer> {
    const filter = filterOf({ definition: this.definition }, request);
    const documents = (await this.compute())
      .filter((object) => covers(filter, keyOf(object)))
      .map((object) => Document.ofObject(object))
      .filter((document) => !filter.matches || filter.matches(document));
    return { documents, revision: this.mirror.revision };
  }
}

function keyOf({ metadata }: KubeObject): string {
  return objectKey({ namespace: metadata?.namespace, name: metadata?.name ?? '' });
}
