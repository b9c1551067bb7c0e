import { StatusError } from '../../base/status.ts';
import type { FieldSchema, TypeSchema, ValueSchema } from '../schema/types.ts';
import { cloneJson, isMembers, type Members, setMember } from './json-value.ts';
import { inMergedOrder, sameItem } from './strategic-lists.ts';

const directive = '$patch';
const retainKeys = '$retainKeys';
const orderPrefix = '$setElementOrder/';
const deletePrefix = '$deleteFromPrimitiveList/';

/** What is known of the value being merged; nothing below free JSON. */
type Known = Pick<ValueSchema, 'kind' | 'type' | 'element'> | undefined;

function malformed(why: string): never {
  throw new StatusError('BadRequest', `cannot read the strategic merge patch: ${why}`);
}

/** What Kubernetes answers with an error of no reason. */
function unusable(why: string): never {
  throw new StatusError('Unknown', `the strategic merge patch cannot be applied: ${why}`);
}

function childOf(known: Known, name: string): ValueSchema | FieldSchema | undefined {
  return known?.kind === 'object' ? known.type?.fields.get(name) : known?.element;
}

interface Strategy {
  merges: boolean;
  replaces: boolean;
  mergeKey: string;
}

function strategyOf(child: ValueSchema | FieldSchema | undefined): Strategy {
  if (!child || !('patchStrategies' in child)) return { merges: false, replaces: false, mergeKey: '' };
  const { patchStrategies, mergeKey } = child;
  const merges = patchStrategies.includes('merge');
  return { merges, replaces: patchStrategies.includes('replace'), mergeKey: mergeKey ?? '' };
}

/** A value of the patch where the target has none: without nulls and directives; undefined where a directive stood. */
function fresh(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(fresh).filter((item) => item !== undefined);
  if (!isMembers(value)) return value;
  if (Object.hasOwn(value, directive)) return undefined;
  const kept: Members = {};
  for (const key of Object.keys(value)) {
    const inner = value[key] === null ? undefined : fresh(value[key]);
    if (inner !== undefined) setMember(kept, key, inner);
  }
  return kept;
}

function retainOnly(target: Members, patch: Members): void {
  if (!Object.hasOwn(patch, retainKeys)) return;
  const names = patch[retainKeys];
  delete patch[retainKeys];
  if (!Array.isArray(names)) malformed(`${retainKeys} must be a list of names`);
  for (const [key, value] of Object.entries(patch)) {
    const isDirective = key.startsWith(orderPrefix) || key.startsWith(deletePrefix);
    if (value !== null && !isDirective && !names.includes(key)) malformed(`${retainKeys} lacks '${key}', which is set`);
  }
  for (const key of Object.keys(target)) if (!names.includes(key)) delete target[key];
}

/** Takes items with a `$patch` directive out of a list's patch and does what they say to the target's list. */
function obeyItems(target: unknown[], patch: readonly unknown[], mergeKey: string): [unknown[], unknown[]] {
  const items: unknown[] = [];
  let kept = target;
  let replaces = false;
  for (const item of patch) {
    if (!isMembers(item) || !Object.hasOwn(item, directive)) items.push(item);
    else if (item[directive] === 'delete') {
      requireKey(item, mergeKey);
      kept = kept.filter((other) => !sameItem(other, item, mergeKey));
    } else if (item[directive] === 'replace') replaces = true;
    else unusable(`there is no ${directive} called ${JSON.stringify(item[directive])}`);
  }
  return replaces ? [items, []] : [kept, items];
}

function requireKey(item: Members, mergeKey: string): void {
  if (!Object.hasOwn(item, mergeKey)) unusable(`an item of a list that merges by '${mergeKey}' lacks it`);
}

function mergeItems(target: unknown[], patch: readonly unknown[], known: Known, mergeKey: string): unknown[] {
  const [kept, items] = obeyItems(target, patch, mergeKey);
  const merged = [...kept];
  for (const item of items) {
    if (!isMembers(item)) unusable('a list mixes objects and other values');
    requireKey(item, mergeKey);
    const place = merged.findIndex((other) => sameItem(other, item, mergeKey));
    const found = merged[place];
    if (place >= 0 && isMembers(found)) merged[place] = mergeMembers(found, item, known);
    else merged.push(fresh(item));
  }
  return inMergedOrder(merged, { patch: items, server: kept, mergeKey });
}

function mergeList(target: unknown[], patch: unknown[], child: ValueSchema | undefined): unknown[] {
  const { merges, mergeKey } = strategyOf(child);
  if (!merges) return patch;
  if (target.length === 0 && patch.length === 0) return target;
  const first = target[0] ?? patch[0];
  if (Array.isArray(first)) malformed('lists of lists cannot be merged');
  if (isMembers(first)) return mergeItems(target, patch, child?.element, mergeKey);
  return inMergedOrder([...new Set([...target, ...patch])], { patch, server: target, mergeKey: '' });
}

/** `$setElementOrder/x`: merges the list x, if there is a patch for it, and puts it in the order that is given. */
function setOrders(target: Members, patch: Members, known: Known): void {
  for (const key of Object.keys(patch)) {
    if (!key.startsWith(orderPrefix)) continue;
    const order = patch[key];
    delete patch[key];
    const name = key.slice(orderPrefix.length);
    if (!Array.isArray(order)) malformed(`${key} must be a list`);
    const child = childOf(known, name);
    const present = Object.hasOwn(target, name) ? target[name] : undefined;
    const change = Object.hasOwn(patch, name) ? patch[name] : undefined;
    delete patch[name];
    if (present === undefined && change === undefined) continue;
    if ((present ?? []) && !Array.isArray(present ?? [])) malformed(`'${name}' is no list`);
    if (!Array.isArray(change ?? [])) malformed(`'${name}' is no list`);
    const server = (present ?? []) as unknown[];
    const { mergeKey } = strategyOf(child);
    checkOrder((change ?? []) as unknown[], order, { name, mergeKey });
    const merged = change === undefined ? server : listAfter(present, change as unknown[], child);
    const serverOrder = orderAfterDeletions(server, (change ?? []) as unknown[], mergeKey);
    setMember(target, name, inMergedOrder(merged, { patch: order, server: serverOrder, mergeKey }));
  }
}

/** Items that are new take the places that deletions leave at the end: so it comes out of Kubernetes' own merging. */
function orderAfterDeletions(server: unknown[], change: readonly unknown[], mergeKey: string): unknown[] {
  const obeyed = (item: unknown): item is Members => isMembers(item) && Object.hasOwn(item, directive);
  const deletions = change.filter((item) => obeyed(item) && item[directive] === 'delete');
  if (deletions.length === 0) return server;
  const kept = server.filter((item) => !deletions.some((deletion) => sameItem(item, deletion, mergeKey)));
  const isNew = (item: unknown) => !obeyed(item) && !kept.some((other) => sameItem(other, item, mergeKey));
  return [...kept, ...change.filter(isNew).slice(0, server.length - kept.length)];
}

function listAfter(present: unknown, change: unknown[], child: ValueSchema | undefined): unknown[] {
  return present === undefined ? (fresh(change) as unknown[]) : mergeList(present as unknown[], change, child);
}

/** The order must name every item of the patch, in the same order. */
function checkOrder(change: unknown[], order: unknown[], list: { name: string; mergeKey: string }): void {
  if (order.length === 0) return;
  let place = 0;
  for (const item of change) {
    if (isMembers(item) && Object.hasOwn(item, directive)) continue;
    while (place < order.length && !sameItem(order[place], item, list.mergeKey)) place++;
    if (place === order.length) unusable(`${orderPrefix}${list.name} does not name the items of ${list.name} in order`);
    place++;
  }
}

function mergeMember(target: Members, name: string, value: unknown, known: Known): void {
  const child = childOf(known, name);
  const present = Object.hasOwn(target, name) ? target[name] : undefined;
  let merged: unknown;
  if (isMembers(present) && isMembers(value)) {
    merged = strategyOf(child).replaces ? value : mergeMembers(present, value, child);
  } else if (Array.isArray(present) && Array.isArray(value)) merged = mergeList(present, value, child);
  else merged = fresh(value);
  if (merged === undefined) delete target[name];
  else setMember(target, name, merged);
}

function deleteFromList(target: Members, key: string, values: unknown): void {
  const name = key.slice(deletePrefix.length);
  const present = target[name];
  if (!Array.isArray(values)) malformed(`${key} must be a list`);
  if (Array.isArray(present)) target[name] = present.filter((item) => !values.includes(item));
}

function mergeMembers(target: Members, patch: Members, known: Known): Members {
  if (Object.hasOwn(patch, directive)) {
    const { [directive]: what, ...rest } = patch;
    if (what === 'replace') return rest;
    if (what === 'delete') return {};
    unusable(`there is no ${directive} called ${JSON.stringify(what)}`);
  }
  retainOnly(target, patch);
  setOrders(target, patch, known);
  for (const [key, value] of Object.entries(patch)) {
    if (key.startsWith(deletePrefix)) deleteFromList(target, key, value);
    else if (value === null) delete target[key];
    else mergeMember(target, key, value, known);
  }
  return target;
}

/**
 * Applies a strategic merge patch: a merge patch that merges the lists for which the type says so, by their keys.
 * `target` is taken over and changed; the patch is not.
 * @throws StatusError BadRequest for directives in the wrong form; Unknown (500, as Kubernetes answers) for unknown
 * directives and items without their key.
 */
export function applyStrategicPatch(target: unknown, patch: unknown, type: TypeSchema): unknown {
  if (!isMembers(patch)) malformed('it must be an object');
  const members = isMembers(target) ? target : {};
  return mergeMembers(members, cloneJson(patch), { kind: 'object', type, element: undefined });
}
