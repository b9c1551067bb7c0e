import type { ResourceDefinition } from '../../libs/api/definition.ts';
import { plainColumns } from '../../libs/api/kinds/cells.ts';
import { apiVersionOf, type ObjectMeta } from '../../libs/api/meta.ts';
import { schema } from '../../libs/api/schema/schema.ts';
import type { Document } from '../../libs/cache/document.ts';
import type { ListAnswer } from '../../libs/registry/requests.ts';
import { listMetadata } from './list-metadata.ts';
import type { MetaVersion } from './negotiation.ts';
import { columnDefinitions, type TableOptions } from './table.ts';
import { oneByteLetters, rowText } from './table-rows.ts';

/**
 * Lists as pieces of JSON, each a text with one letter for each byte (see Document), made as they are sent. What is
 * known of the objects as bytes goes out as these bytes; only cells are written anew.
 */
type Pieces = Iterable<string>;

const end = ']}';

/** The objects as they are. */
export function* listPieces(definition: ResourceDefinition, answer: ListAnswer): Pieces {
  const kind = `${definition.kind}List`;
  const builtIn = schema.has(definition.type);
  // Lists of custom kinds say that they do not go on, too.
  const metadata = { ...listMetadata(answer), ...(builtIn ? {} : { continue: answer.continue ?? '' }) };
  yield opening({ kind, apiVersion: apiVersionOf(definition), metadata }, 'items');
  let separator = '{';
  for (const document of answer.documents) {
    // Items of custom kinds say what they are.
    yield separator;
    if (builtIn) yield* document.itemTexts;
    else yield document.text.slice(1);
    separator = ',{';
  }
  yield end;
}

/** The objects' metadata alone. */
export function* metadataPieces(definition: ResourceDefinition, answer: ListAnswer, version: MetaVersion): Pieces {
  const identity = { kind: 'PartialObjectMetadataList', apiVersion: version, metadata: listMetadata(answer) };
  if (answer.documents.length === 0) {
    // Upstream's list of nothing, which it makes without a list.
    yield JSON.stringify({ ...identity, items: null });
    return;
  }
  yield opening(identity, 'items');
  const metadataOpening = metadataOpeningOf(version);
  let separator = metadataOpening;
  for (const document of answer.documents) {
    yield separator;
    yield* metadataTexts(definition, document);
    separator = `},${metadataOpening}`;
  }
  yield `}${end}`;
}

/** The objects as rows of a table. Source: meta.k8s.io/v1 Table. */
export function* tablePieces(definition: ResourceDefinition, answer: ListAnswer, options: TableOptions): Pieces {
  const columns = definition.columns ?? plainColumns;
  const identity = { kind: 'Table', apiVersion: options.metaVersion, metadata: listMetadata(answer) };
  yield opening({ ...identity, columnDefinitions: columnDefinitions(columns) }, 'rows');
  const { include, nowMs } = options;
  const closing = include === 'Metadata' ? '}}' : '}';
  const objectOpening = objectOpeningOf(options);
  let separator = '{"cells":';
  for (const document of answer.documents) {
    yield `${separator}${rowText(definition, document, nowMs)},"object":${objectOpening}`;
    if (include === 'Object') yield document.text;
    else if (include === 'Metadata') yield* metadataTexts(definition, document);
    separator = `${closing},{"cells":`;
  }
  yield answer.documents.length === 0 ? end : `${closing}${end}`;
}

function objectOpeningOf({ include, metaVersion }: TableOptions): string {
  if (include === 'Metadata') return metadataOpeningOf(metaVersion);
  return include === 'None' ? 'null' : '';
}

function metadataOpeningOf(version: MetaVersion): string {
  return `{"kind":"PartialObjectMetadata","apiVersion":"${version}","metadata":`;
}

function opening(identity: object, items: string): string {
  return oneByteLetters(`${JSON.stringify(identity).slice(0, -1)},"${items}":[`);
}

function metadataTexts(definition: ResourceDefinition, document: Document): readonly string[] {
  const { metadataAlone } = definition;
  if (!metadataAlone) return document.metadataTexts;
  return [oneByteLetters(JSON.stringify(metadataAlone(document.read().metadata as ObjectMeta)))];
}
