import { equalJson } from '../patch/json-value.ts';
import type { ValueSchema } from '../schema/types.ts';
import { compareElements, fieldElement, itemElement } from './path-element.ts';
import { isHollow, isMembers, type Members, memberSchema, shapeOf } from './walk.ts';

/** What stands below a path: its elements in order with their own texts, or nothing. */
type Below = string;

const leaf = '{}';
const nothing = '';
const none: readonly unknown[] = [];
/** Longer lists of names are sorted in the usual way. */
const insertedMax = 32;

/** Members of an object's metadata that nobody owns, see ownership.ts. */
const unownedMetadata = new Set([
  'name',
  'namespace',
  'creationTimestamp',
  'selfLink',
  'uid',
  'clusterName',
  'generation',
  'managedFields',
  'resourceVersion',
]);

const labelsOfFields = new Map<string, string>();
/** Names of fields and common labels; annotations could bring any number. */
const labelsOfFieldsMax = 8_192;

/** `"f:name":`, as JSON. */
function fieldLabel(name: string): string {
  let label = labelsOfFields.get(name);
  if (label === undefined) {
    label = `${JSON.stringify(fieldElement(name))}:`;
    if (labelsOfFields.size < labelsOfFieldsMax) labelsOfFields.set(name, label);
  }
  return label;
}

/** `text` is what follows the opening brace's `{".":{}` or `{`. */
function marked(below: Below): string {
  return below === nothing ? leaf : `{".":{},${below}}`;
}

/** Every path at and below a value that was not there before. */
function wholeText(value: unknown, schema: ValueSchema): string {
  const shape = shapeOf(value, schema);
  if (shape === 'list' && Array.isArray(value)) return marked(itemsText(value, schema));
  if (shape === 'members' && isMembers(value)) return marked(wholeMembers(value, schema));
  return leaf;
}

function wholeMembers(value: Members, schema: ValueSchema): Below {
  let text = nothing;
  for (const name of sortedNames(value)) {
    const member = value[name];
    const below = member === undefined ? undefined : memberSchema(schema, name);
    if (below) text += `${text === nothing ? '' : ','}${fieldLabel(name)}${wholeText(member, below)}`;
  }
  return text;
}

/** Keys in order; they are few and mostly in order already, for which this is several times as quick as sort(). */
function sortedNames(value: Members): string[] {
  const names: string[] = [];
  for (const name in value) {
    let at = names.length;
    if (at >= insertedMax) return Object.keys(value).sort();
    for (; at > 0 && names[at - 1]! > name; at--) names[at] = names[at - 1]!;
    names[at] = name;
  }
  return names;
}

/** Text that JSON writes as it is, in a text within a text, too. */
const plainText = /^[\w ./:-]*$/;

/** Items that are known by one plain text, such as a name, and in order: most lists. */
function plainItemsText(list: readonly unknown[], schema: ValueSchema): Below | undefined {
  const key = schema.listType === 'map' && schema.listKeys.length === 1 ? schema.listKeys[0]! : undefined;
  if (key === undefined) return undefined;
  let text = nothing;
  let last: string | undefined;
  for (const item of list) {
    const value = isMembers(item) ? item[key] : undefined;
    if (typeof value !== 'string' || (last !== undefined && value <= last) || !plainText.test(value)) return undefined;
    last = value;
    const element = `"k:{\\"${key}\\":\\"${value}\\"}":`;
    text += `${text === nothing ? '' : ','}${element}${wholeText(item, schema.element!)}`;
  }
  return text;
}

function itemsText(list: readonly unknown[], schema: ValueSchema): Below {
  const plain = plainItemsText(list, schema);
  if (plain !== undefined) return plain;
  if (list.length === 1)
    return `${JSON.stringify(itemElement(list[0], schema))}:${wholeText(list[0], schema.element!)}`;
  const texts = new Map<string, string>();
  for (const item of list) {
    const element = itemElement(item, schema);
    texts.set(element, texts.has(element) ? leaf : wholeText(item, schema.element!));
  }
  const elements = [...texts.keys()].sort(compareElements);
  return elements.map((element) => `${JSON.stringify(element)}:${texts.get(element)!}`).join(',');
}

/** What a new value sets beyond what an empty object of its type has anyway: `{…}`, or nothing. */
function changedText(before: unknown, after: unknown, schema: ValueSchema): string {
  if (before === after || after === undefined) return nothing;
  if (before === undefined) return wholeText(after, schema);
  const shape = shapeOf(before ?? after, schema);
  const differentKinds = shape !== shapeOf(after ?? before, schema);
  if (shape === 'leaf' || differentKinds || (isHollow(before) && isHollow(after))) {
    return equalJson(before, after) ? nothing : leaf;
  }
  if (shape === 'list') return inBraces(itemsText(Array.isArray(after) ? after : none, schema));
  return inBraces(changedMembers(isMembers(before) ? before : {}, isMembers(after) ? after : {}, schema));
}

function inBraces(below: Below): string {
  return below === nothing ? nothing : `{${below}}`;
}

function changedMembers(before: Members, after: Members, schema: ValueSchema, skipped?: ReadonlySet<string>): Below {
  let text = nothing;
  for (const name of sortedNames(after)) {
    const below = skipped?.has(name) ? undefined : memberSchema(schema, name);
    const changed = below ? changedText(before[name], after[name], below) : nothing;
    if (changed !== nothing) text += `${text === nothing ? '' : ','}${fieldLabel(name)}${changed}`;
  }
  return text;
}

/**
 * fieldsV1, as JSON, of who creates an object: all that it sets. The same as the general way by sets of paths, in one
 * pass over the object.
 * @param zero an object of the type in which nothing is set; its lists are empty
 * @param reset names of fields that the write cannot change
 * @throws ElementError for items that lack their keys
 */
export function createdFieldsText(
  object: Members,
  zero: Members,
  { schema, reset }: { schema: ValueSchema; reset: ReadonlySet<string> },
): string {
  let text = nothing;
  for (const name of sortedNames(object)) {
    if (name === 'apiVersion' || name === 'kind' || reset.has(name)) continue;
    const below = memberSchema(schema, name);
    if (!below) continue;
    const changed =
      name === 'metadata' ? metadataText(object, zero, below) : changedText(zero[name], object[name], below);
    if (changed !== nothing) text += `${text === nothing ? '' : ','}${fieldLabel(name)}${changed}`;
  }
  return inBraces(text);
}

function metadataText({ metadata: after }: Members, { metadata: before }: Members, schema: ValueSchema): string {
  if (!isMembers(after)) return nothing;
  return inBraces(changedMembers(isMembers(before) ? before : {}, after, schema, unownedMetadata));
}
