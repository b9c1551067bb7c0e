import { createHash } from 'node:crypto';
import type { ResourceDefinition } from '../definition.ts';
import { loadDescriptions } from '../schema/descriptions.ts';
import { Definitions } from './definitions.ts';
import type { Json, OpenApiVersion } from './json.ts';
import { groupVersionPath, PathWriter } from './paths.ts';
import { encodeOpenApiV2 } from './protobuf.ts';

/** The media type of the v2 document in protobuf. Clients also ask for one with an @, which no parser of theirs reads. */
export const openapiV2ProtobufType = 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf';

const info = { title: 'Berth', version: 'v1.36' };
const meta = 'io.k8s.apimachinery.pkg.apis.meta.v1';

/** A document and the hash of its content, for ETag. */
export interface OpenApiDocument {
  readonly bytes: Buffer;
  readonly hash: string;
}

function documentOf(bytes: Buffer): OpenApiDocument {
  return { bytes, hash: createHash('sha512').update(bytes).digest('hex').toUpperCase() };
}

/** A document and the resources that it was written for. */
interface Kept<T> {
  readonly resources: readonly ResourceDefinition[];
  readonly document: T;
}

function isFor(kept: Kept<unknown> | undefined, resources: readonly ResourceDefinition[]): boolean {
  return kept?.resources.length === resources.length && kept.resources.every((one, i) => one === resources[i]);
}

/**
 * The OpenAPI documents of what the API serves: one for each group's version (v3) and one for all (v2). Built when they
 * are first asked for, and again when the resources that they describe are others.
 */
export class OpenApi {
  private readonly resources: () => readonly ResourceDefinition[];
  private readonly v3 = new Map<string, Kept<Promise<OpenApiDocument>>>();
  private v2Json: Kept<Promise<OpenApiDocument>> | undefined;
  private v2Bytes: Kept<Promise<OpenApiDocument>> | undefined;

  /** @param resources what is served now */
  constructor(resources: () => readonly ResourceDefinition[]) {
    this.resources = resources;
  }

  /** The answer to `/openapi/v3`: where each document is, with its hash in the address. */
  async index(): Promise<Json> {
    const paths = [...new Set(this.resources().map(groupVersionPath))].sort();
    const entries: Array<[string, Json]> = [];
    for (const path of paths) {
      const document = await this.groupVersion(path);
      if (document) entries.push([path, { serverRelativeURL: `/openapi/v3/${path}?hash=${document.hash}` }]);
    }
    return { paths: Object.fromEntries(entries) };
  }

  /** The v3 document of a path such as `api/v1` or `apis/apps/v1`; undefined for what is not served. */
  async groupVersion(path: string): Promise<OpenApiDocument | undefined> {
    const resources = this.resources().filter((resource) => groupVersionPath(resource) === path);
    if (resources.length === 0) return undefined;
    let kept = this.v3.get(path);
    if (!kept || !isFor(kept, resources)) {
      const document = this.write(3, resources).then((json) => documentOf(Buffer.from(JSON.stringify(json))));
      kept = { resources, document };
      this.v3.set(path, kept);
    }
    return kept.document;
  }

  /** The v2 document as JSON. */
  v2(): Promise<OpenApiDocument> {
    this.v2Json = this.kept(this.v2Json, (json) => Buffer.from(JSON.stringify(json)));
    return this.v2Json.document;
  }

  /** The v2 document in the protobuf form that kubectl asks for. */
  v2Protobuf(): Promise<OpenApiDocument> {
    this.v2Bytes = this.kept(this.v2Bytes, (json) => Buffer.from(encodeOpenApiV2(json)));
    return this.v2Bytes.document;
  }

  private kept(
    kept: Kept<Promise<OpenApiDocument>> | undefined,
    encode: (json: Json) => Buffer,
  ): Kept<Promise<OpenApiDocument>> {
    const resources = this.resources();
    if (kept && isFor(kept, resources)) return kept;
    return { resources, document: this.write(2, resources).then((json) => documentOf(encode(json))) };
  }

  private async write(version: OpenApiVersion, resources: readonly ResourceDefinition[]): Promise<Json> {
    const definitions = new Definitions(version, await loadDescriptions());
    const writer = new PathWriter(version, definitions);
    const paths = Object.assign({}, ...resources.map((resource) => writer.pathsOf(resource))) as Json;
    definitions.ref(`${meta}.WatchEvent`);
    const schemes = { BearerToken: { type: 'apiKey', name: 'authorization', in: 'header' } };
    if (version === 2) {
      const security = { securityDefinitions: schemes, security: [{ BearerToken: [] }] };
      return { swagger: '2.0', info, paths, definitions: definitions.all(), ...security };
    }
    return { openapi: '3.0.0', info, paths, components: { schemas: definitions.all(), securitySchemes: schemes } };
  }
}
