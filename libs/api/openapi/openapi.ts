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

/**
 * The OpenAPI documents of what the API serves: one for each group's version (v3) and one for all (v2). Built when they
 * are first asked for and kept; `changed` forgets them when the served resources change.
 */
export class OpenApi {
  private readonly resources: () => readonly ResourceDefinition[];
  private readonly v3 = new Map<string, Promise<OpenApiDocument>>();
  private v2Json: Promise<OpenApiDocument> | undefined;
  private v2Bytes: Promise<OpenApiDocument> | undefined;

  /** @param resources what is served now */
  constructor(resources: () => readonly ResourceDefinition[]) {
    this.resources = resources;
  }

  /** To be called when the served resources are others than before. */
  changed(): void {
    this.v3.clear();
    this.v2Json = undefined;
    this.v2Bytes = undefined;
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
    let document = this.v3.get(path);
    if (!document) {
      document = this.write(3, resources).then((json) => documentOf(Buffer.from(JSON.stringify(json))));
      this.v3.set(path, document);
    }
    return document;
  }

  /** The v2 document as JSON. */
  v2(): Promise<OpenApiDocument> {
    this.v2Json ??= this.write(2, this.resources()).then((json) => documentOf(Buffer.from(JSON.stringify(json))));
    return this.v2Json;
  }

  /** The v2 document in the protobuf form that kubectl asks for. */
  v2Protobuf(): Promise<OpenApiDocument> {
    this.v2Bytes ??= this.write(2, this.resources()).then((json) => documentOf(Buffer.from(encodeOpenApiV2(json))));
    return this.v2Bytes;
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
