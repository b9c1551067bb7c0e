import type { V1JSONSchemaProps } from '../../api/gen/types.ts';
import { childSchemas, schemaOf } from '../../api/kinds/customresource/combinations.ts';
import type { ObjectMeta } from '../../api/meta.ts';
import { metadata } from '../../api/validation/metadata.ts';
import { dns1035Label, pathSegment } from '../../api/validation/names.ts';
import type { Report } from '../../api/validation/report.ts';

type Members = Record<string, unknown>;

const inNamespace = metadata({ name: pathSegment, namespaced: true });
const ofCluster = metadata({ name: pathSegment, namespaced: false });

const embedding = new WeakMap<V1JSONSchemaProps, boolean>();

/** Whether a schema has whole objects anywhere; few do, and schemas do not change. */
function embeds(part: V1JSONSchemaProps): boolean {
  let known = embedding.get(part);
  if (known === undefined) {
    known = part['x-kubernetes-embedded-resource'] === true || childSchemas(part).some(embeds);
    embedding.set(part, known);
  }
  return known;
}

/** Whole objects inside of a custom one say what they are, and have metadata as all objects do. */
export function checkEmbedded(value: unknown, part: V1JSONSchemaProps, at: Report): void {
  if (!embeds(part)) return;
  if (Array.isArray(value)) {
    const items = schemaOf(part.items);
    if (items) for (const [index, item] of value.entries()) below(at, index, item, items);
    return;
  }
  if (typeof value !== 'object' || value === null) return;
  const members = value as Members;
  if (part['x-kubernetes-embedded-resource']) checkHead(members, at);
  const additional = schemaOf(part.additionalProperties);
  for (const [name, member] of Object.entries(members)) {
    const schema = part.properties?.[name] ?? additional;
    if (schema) below(at, name, member, schema);
  }
}

function below(at: Report, step: string | number, value: unknown, part: V1JSONSchemaProps): void {
  at.enter(step);
  checkEmbedded(value, part, at);
  at.leave();
}

function checkHead({ apiVersion, kind, metadata: given }: Members, at: Report): void {
  if (apiVersion === undefined) at.required('', 'apiVersion');
  if (kind === undefined) at.required('', 'kind');
  if (apiVersion !== undefined && (typeof apiVersion !== 'string' || !/^[^/]+(?:\/[^/]*)?$/.test(apiVersion))) {
    at.invalid('must name a version', 'apiVersion');
  }
  if (kind !== undefined && (typeof kind !== 'string' || dns1035Label(kind.toLowerCase()).length > 0)) {
    at.invalid('must be a kind', 'kind');
  }
  if (typeof given !== 'object' || given === null) return;
  const meta = given as ObjectMeta;
  // Nameless objects are fine here.
  const named = { ...meta, name: meta.name || 'name' };
  at.enter('metadata');
  (meta.namespace ? inNamespace : ofCluster)(named, at, undefined);
  at.leave();
}
