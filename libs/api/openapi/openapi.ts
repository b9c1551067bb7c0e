import type { ResourceDefinition } from '../definition.ts';
import { type KeptDocument, keptDocument, MadeOnce } from '../kept-document.ts';
import { loadDescriptions } from '../schema/descriptions.ts';
import { Definitions } from './definitions.ts';
import { plainDocumentsOf, plainItem, resourceListDocument } from './discovery-paths.ts';
import { type ForeignSchema, withForeign } from './foreign.ts';
import { byName, type Json, type OpenApiVersion } from './json.ts';
import { groupVersionPath, PathWriter } from './paths.ts';
import { encodeOpenApiV2 } from './protobuf.ts';
import { shareParameters } from './shared-parameters.ts';

/** The media type of the v2 document in protobuf. Clients also ask for one with an @, which no parser of theirs reads. */
export const openapiV2ProtobufType = 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf';

const info = { title: 'Berth', version: 'v1.36' };
const meta = 'io.k8s.apimachinery.pkg.apis.meta.v1';

function jsonDocument(json: Json): KeptDocument {
  return keptDocument(Buffer.from(JSON.stringify(json)));
}

/**
 * The OpenAPI documents of what the API serves: one for each group's version (v3) and one for all (v2). Built when they
 * are first asked for, and again when the resources that they describe are others.
 */
export class OpenApi {
  private readonly resources: () => readonly ResourceDefinition[];
  private readonly foreign: () => readonly ForeignSchema[];
  private readonly groups = new MadeOnce<ReadonlyMap<string, readonly ResourceDefinition[]>>();
  private readonly v3 = new Map<string, MadeOnce<Promise<KeptDocument>>>();
  private readonly v2Json = new MadeOnce<Promise<KeptDocument>>();
  private readonly v2Bytes = new MadeOnce<Promise<KeptDocument>>();

  /**
   * @param resources what is served now
   * @param foreign what other servers say of versions that they answer for
   */
  constructor(resources: () => readonly ResourceDefinition[], foreign: () => readonly ForeignSchema[] = () => []) {
    this.resources = resources;
    this.foreign = foreign;
  }

  /** The answer to `/openapi/v3`: where each document is, with its hash in the address. */
  async index(): Promise<Json> {
    const entries = new Map<string, Json>();
    for (const { path, v3Address } of this.foreign()) {
      if (v3Address !== undefined) entries.set(path, { serverRelativeURL: v3Address });
    }
    for (const path of [...this.plainPaths().keys(), ...this.byPath().keys()].sort()) {
      const document = await this.groupVersion(path);
      if (document) entries.set(path, { serverRelativeURL: `/openapi/v3/${path}?hash=${document.hash}` });
    }
    return { paths: byName(entries) };
  }

  /** The v3 document of a path such as `api/v1`, `apis/apps/v1` or `version`; undefined for what is not served. */
  async groupVersion(path: string): Promise<KeptDocument | undefined> {
    const resources = this.byPath().get(path);
    const plain = resources ? undefined : this.plainPaths().get(path);
    if (!resources && !plain) return undefined;
    const kept = this.v3.get(path) ?? new MadeOnce();
    this.v3.set(path, kept);
    const sources = resources ?? [JSON.stringify(plain)];
    return kept.of(sources, async () => {
      return jsonDocument(await this.write(3, resources ?? [], new Map(plain ? [[path, plain]] : [])));
    });
  }

  /** What is no resource, by path; groups of custom kinds are not spoken of, as upstream does not. */
  private plainPaths(): ReturnType<typeof plainDocumentsOf> {
    const own = this.resources().filter(({ customSchema }) => !customSchema);
    return plainDocumentsOf(new Set(own.map(({ group }) => group)));
  }

  /** What is served now, by the path of its version. Documents of what is served no more are let go. */
  private byPath(): ReadonlyMap<string, readonly ResourceDefinition[]> {
    const resources = this.resources();
    return this.groups.of(resources, () => {
      const groups = new Map<string, ResourceDefinition[]>();
      for (const resource of resources) {
        const path = groupVersionPath(resource);
        const group = groups.get(path);
        if (group) group.push(resource);
        else groups.set(path, [resource]);
      }
      for (const path of this.v3.keys()) if (!groups.has(path) && !this.plainPaths().has(path)) this.v3.delete(path);
      return groups;
    });
  }

  /** The v2 document as JSON. */
  v2(): Promise<KeptDocument> {
    return this.allOf(this.v2Json, jsonDocument);
  }

  /** The v2 document in the protobuf form that kubectl asks for. */
  v2Protobuf(): Promise<KeptDocument> {
    return this.allOf(this.v2Bytes, (json) => keptDocument(Buffer.from(encodeOpenApiV2(json))));
  }

  private allOf(kept: MadeOnce<Promise<KeptDocument>>, encode: (json: Json) => KeptDocument): Promise<KeptDocument> {
    const resources = this.resources();
    const foreign = this.foreign();
    return kept.of([...resources, ...foreign], async () => {
      return encode(withForeign(await this.write(2, resources, this.plainPaths()), foreign));
    });
  }

  private async write(
    version: OpenApiVersion,
    resources: readonly ResourceDefinition[],
    plain: ReturnType<typeof plainDocumentsOf>,
  ): Promise<Json> {
    const of = version === 3 ? resources[0] : undefined;
    const definitions = new Definitions({ version, of }, await loadDescriptions());
    const writer = new PathWriter(version, definitions);
    const paths = Object.assign({}, ...resources.map((resource) => writer.pathsOf(resource))) as Json;
    const lists = resources
      .filter(({ customSchema }) => !customSchema)
      .map((one) => [groupVersionPath(one), resourceListDocument(one)] as const);
    for (const [path, document] of new Map([...plain, ...lists])) {
      paths[`/${path}/`] = plainItem(version, document, definitions);
    }
    if (resources.length > 0) definitions.ref(`${meta}.WatchEvent`);
    const schemes = { BearerToken: { type: 'apiKey', name: 'authorization', in: 'header' } };
    if (version === 2) {
      const security = { securityDefinitions: schemes, security: [{ BearerToken: [] }] };
      return { swagger: '2.0', info, ...shareParameters(paths), definitions: definitions.all(), ...security };
    }
    return { openapi: '3.0.0', info, paths, components: { schemas: definitions.all(), securitySchemes: schemes } };
  }
}
