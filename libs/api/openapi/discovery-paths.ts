import type { Definitions } from './definitions.ts';
import type { Json, OpenApiVersion } from './json.ts';
import { capital, groupTag, groupWord, mediaTypes, refusal, response, tagOf } from './operations.ts';

const meta = 'io.k8s.apimachinery.pkg.apis.meta.v1';

/** A document that is no resource: where it is, what it answers with, and how clients call it. */
interface PlainDocument {
  /** The definition of the answer; a text when absent. */
  readonly definition?: string;
  readonly operationId: string;
  readonly tag: string;
  readonly types: readonly string[];
}

/** Those that every server has, by their path without slashes at the ends. */
const plainDocuments: Readonly<Record<string, PlainDocument>> = {
  '.well-known/openid-configuration': {
    operationId: 'getServiceAccountIssuerOpenIDConfiguration',
    tag: 'WellKnown',
    types: ['application/json'],
  },
  api: { definition: `${meta}.APIVersions`, operationId: 'getCoreAPIVersions', tag: 'core', types: mediaTypes },
  apis: { definition: `${meta}.APIGroupList`, operationId: 'getAPIVersions', tag: 'apis', types: mediaTypes },
  'openid/v1/jwks': {
    operationId: 'getServiceAccountIssuerOpenIDKeyset',
    tag: 'openid',
    types: ['application/jwk-set+json'],
  },
  version: {
    definition: 'io.k8s.apimachinery.pkg.version.Info',
    operationId: 'getCodeVersion',
    tag: 'version',
    types: ['application/json'],
  },
};

function groupDocument(group: string): PlainDocument {
  const operationId = `get${groupWord(group)}APIGroup`;
  return { definition: `${meta}.APIGroup`, operationId, tag: groupTag(group), types: mediaTypes };
}

/** All documents that are no resources, by path, for a server with these groups. */
export function plainDocumentsOf(groups: Iterable<string>): Map<string, PlainDocument> {
  const named = [...groups].filter((group) => group !== '');
  return new Map([
    ...Object.entries(plainDocuments),
    ...named.map((group) => [`apis/${group}`, groupDocument(group)] as const),
  ]);
}

/** Where the resources of a group's version are listed. */
export function resourceListDocument(of: { group: string; version: string }): PlainDocument {
  const operationId = `get${groupWord(of.group)}${capital(of.version)}APIResources`;
  return { definition: `${meta}.APIResourceList`, operationId, tag: tagOf(of), types: mediaTypes };
}

/** The path item of such a document. */
export function plainItem(version: OpenApiVersion, document: PlainDocument, definitions: Definitions): Json {
  const { definition, operationId, tag, types } = document;
  const answer = definition === undefined ? { type: 'string' } : definitions.ref(definition);
  const consumes = definition === undefined ? {} : { consumes: types };
  return {
    get: {
      description: 'what clients ask to learn what is served',
      operationId,
      tags: [tag],
      ...(version === 2 ? { ...consumes, produces: types, schemes: ['https'] } : {}),
      responses: { 200: response(version, 'OK', answer, types), ...refusal },
    },
  };
}
