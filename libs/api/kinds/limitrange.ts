import type { ResourceDefinition } from '../definition.ts';
import type { V1LimitRange, V1LimitRangeItem } from '../gen/types.ts';
import { type Amount, amountOf } from '../validation/amounts.ts';
import { sameValue } from '../validation/equality.ts';
import { namespacedMetadata } from '../validation/metadata.ts';
import { qualifiedName } from '../validation/names.ts';
import { validations } from '../validation/object.ts';
import { keyed, type Report } from '../validation/report.ts';
import { containerResourceName, isHugePages, isNative, resourceName } from '../validation/resources.ts';
import { each, fields, type Rule } from '../validation/rule.ts';
import { plainColumns } from './cells.ts';

const TYPES = ['Pod', 'Container', 'PersistentVolumeClaim'];

type ListName = 'max' | 'min' | 'default' | 'defaultRequest' | 'maxLimitRequestRatio';

const ONE = amountOf('1');

function typeName(type: string, at: Report): void {
  const complaints = qualifiedName(type);
  for (const complaint of complaints) at.invalid(complaint, 'type');
  if (complaints.length === 0 && !type.includes('/') && !TYPES.includes(type))
    at.invalid('is no standard type', 'type');
}

function names(item: V1LimitRangeItem, list: ListName, at: Report): void {
  const rule = item.type === 'Pod' || item.type === 'Container' ? containerResourceName : resourceName;
  for (const name of Object.keys(item[list] ?? {})) {
    at.enter(list);
    at.enter(keyed(name));
    rule(name, at);
    at.leave();
    at.leave();
  }
}

function lists(item: V1LimitRangeItem, at: Report): void {
  names(item, 'max', at);
  names(item, 'min', at);
  for (const list of ['default', 'defaultRequest'] as const) {
    if (item.type !== 'Pod') names(item, list, at);
    else if (Object.keys(item[list] ?? {}).length > 0) at.forbidden('not for pods', list);
  }
  const sized = item.min?.storage !== undefined || item.max?.storage !== undefined;
  if (item.type === 'PersistentVolumeClaim' && !sized) at.required('storage needs a bound', 'limits');
  names(item, 'maxLimitRequestRatio', at);
}

/** Pairs of which the first must not be above the second, and where to complain. */
const ORDER: ReadonlyArray<readonly [low: ListName, high: ListName, place: ListName]> = [
  ['min', 'max', 'min'],
  ['min', 'defaultRequest', 'defaultRequest'],
  ['defaultRequest', 'max', 'defaultRequest'],
  ['defaultRequest', 'default', 'defaultRequest'],
  ['min', 'default', 'default'],
  ['default', 'max', 'default'],
];

function order(item: V1LimitRangeItem, name: string, at: Report): void {
  const amount = (list: ListName): Amount | undefined => {
    const text = item.type === 'Pod' && list.startsWith('default') ? undefined : item[list]?.[name];
    return text === undefined ? undefined : amountOf(text);
  };
  for (const [low, high, place] of ORDER) {
    const [a, b] = [amount(low), amount(high)];
    if (a !== undefined && b !== undefined && a > b) at.invalid(`${low} is above ${high}`, place, keyed(name));
  }
  const [ratio, min, max] = [amount('maxLimitRequestRatio'), amount('min'), amount('max')];
  const place = ['maxLimitRequestRatio', keyed(name)];
  if (ratio !== undefined && ratio < ONE) at.invalid('must be at least 1', ...place);
  if (ratio !== undefined && min !== undefined && max !== undefined && ratio * min > max * ONE) {
    at.invalid('is above max/min', ...place);
  }
  const [fixed, requested] = [amount('default'), amount('defaultRequest')];
  const overcommits = isNative(name) && !isHugePages(name);
  if (!overcommits && fixed !== undefined && requested !== undefined && fixed !== requested) {
    at.invalid('must be the default', 'defaultRequest', keyed(name));
  }
}

const item: Rule<V1LimitRangeItem> = (limit, at) => {
  typeName(limit.type ?? '', at);
  lists(limit, at);
  const all = [limit.max, limit.min, limit.default, limit.defaultRequest, limit.maxLimitRequestRatio];
  for (const name of new Set(all.flatMap((list) => Object.keys(list ?? {})))) order(limit, name, at);
};

/** One item of each type. */
const items: Rule<readonly V1LimitRangeItem[]> = (list, at, context) => {
  list.forEach((_limit, i) => {
    at.enter(i);
    typeOnce(list, i, at);
    at.leave();
  });
  each(item)(list, at, context);
};

function typeOnce(list: readonly V1LimitRangeItem[], i: number, at: Report): void {
  if (list.findIndex((other) => other.type === list[i]!.type) < i) at.duplicate(list[i]!.type, 'type');
}

/** Where a container has no default limit its maximum is one, and so on down to the minimum. */
function defaultItem(limit: V1LimitRangeItem): void {
  if (limit.type !== 'Container') return;
  const defaults = { ...limit.max, ...limit.default };
  const requests = { ...limit.min, ...defaults, ...limit.defaultRequest };
  if (!sameValue(defaults, limit.default ?? {})) limit.default = defaults;
  if (!sameValue(requests, limit.defaultRequest ?? {})) limit.defaultRequest = requests;
}

export const limitranges: ResourceDefinition<V1LimitRange> = {
  group: '',
  version: 'v1',
  kind: 'LimitRange',
  plural: 'limitranges',
  singular: 'limitrange',
  shortNames: ['limits'],
  namespaced: true,
  type: 'V1LimitRange',
  setDefaults(draft) {
    for (const limit of draft.spec?.limits ?? []) defaultItem(limit);
  },
  /** A range without a name is called by its uid. */
  prepareForCreate(draft) {
    if (draft.metadata && !draft.metadata.name) draft.metadata.name = draft.metadata.uid;
  },
  ...validations<V1LimitRange>({
    metadata: namespacedMetadata,
    object: fields<V1LimitRange>({ spec: fields({ limits: items }) }),
    metadataAgain: true,
  }),
  columns: plainColumns,
};
