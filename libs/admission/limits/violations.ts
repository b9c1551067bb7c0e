import type { V1LimitRangeItem, V1PersistentVolumeClaim, V1Pod } from '../../api/gen/types.ts';
import { compareQuantities, parseQuantity, type Quantity, writeQuantity } from '../../api/quantity/quantity.ts';
import { type Amounts, amountsOf } from '../../api/quota/amounts.ts';
import { podResources } from '../../api/quota/pod-resources.ts';
import { amountOf } from '../../api/validation/amounts.ts';

/** What is asked for, and by what type of limit it is judged. */
interface Asked {
  readonly type: string;
  readonly requests: Amounts;
  readonly limits: Amounts;
}

/** What a pod's containers, and the pod as a whole, do wrong. */
export function podComplaints(pod: V1Pod, items: readonly V1LimitRangeItem[]): string[] {
  return items.flatMap((item) => {
    if (item.type === 'Pod') {
      const [requests, limits] = [podResources(pod, 'requests'), podResources(pod, 'limits')];
      return complaints({ type: item.type, requests, limits }, item);
    }
    if (item.type !== 'Container') return [];
    return [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? [])].flatMap(({ resources }) => {
      const [requests, limits] = [amountsOf(resources?.requests), amountsOf(resources?.limits)];
      return complaints({ type: item.type, requests, limits }, item);
    });
  });
}

/** Claims only request. */
export function claimComplaints({ spec }: V1PersistentVolumeClaim, items: readonly V1LimitRangeItem[]): string[] {
  const requests = amountsOf(spec?.resources?.requests);
  return items
    .filter(({ type }) => type === 'PersistentVolumeClaim')
    .flatMap((item) => [
      ...each(item.min, (name, bound) => tooLittle({ type: item.type, requests, limits: new Map() }, name, bound)),
      ...each(item.max, (name, bound) => claimsTooMuch(item.type, requests.get(name), { name, bound })),
    ]);
}

function complaints(asked: Asked, item: V1LimitRangeItem): string[] {
  return [
    ...each(item.min, (name, bound) => tooLittle(asked, name, bound)),
    ...each(item.max, (name, bound) => tooMuch(asked, name, bound)),
    ...each(item.maxLimitRequestRatio, (name, bound) => tooFarApart(asked, name, bound)),
  ];
}

type Check = (name: string, bound: Quantity) => string | undefined;

function each(list: Readonly<Record<string, string>> | undefined, check: Check): string[] {
  return Object.entries(list ?? {}).flatMap(([name, text]) => check(name, parseQuantity(text)) ?? []);
}

function tooLittle({ type, requests, limits }: Asked, name: string, bound: Quantity): string | undefined {
  const rule = `minimum ${name} usage per ${type} is ${writeQuantity(bound)}`;
  const [request, limit] = [requests.get(name), limits.get(name)];
  if (!request) return `${rule}.  No request is specified`;
  if (compareQuantities(request, bound) < 0) return `${rule}, but request is ${writeQuantity(request)}`;
  if (limit && compareQuantities(limit, bound) < 0) return `${rule}, but limit is ${writeQuantity(limit)}`;
  return undefined;
}

function tooMuch({ type, requests, limits }: Asked, name: string, bound: Quantity): string | undefined {
  const rule = `maximum ${name} usage per ${type} is ${writeQuantity(bound)}`;
  const [request, limit] = [requests.get(name), limits.get(name)];
  if (!limit) return `${rule}.  No limit is specified`;
  if (compareQuantities(limit, bound) > 0) return `${rule}, but limit is ${writeQuantity(limit)}`;
  if (request && compareQuantities(request, bound) > 0) return `${rule}, but request is ${writeQuantity(request)}`;
  return undefined;
}

function claimsTooMuch(
  type: string,
  request: Quantity | undefined,
  { name, bound }: { name: string; bound: Quantity },
): string | undefined {
  const rule = `maximum ${name} usage per ${type} is ${writeQuantity(bound)}`;
  if (!request) return `${rule}.  No request is specified`;
  return compareQuantities(request, bound) > 0 ? `${rule}, but request is ${writeQuantity(request)}` : undefined;
}

function tooFarApart({ type, requests, limits }: Asked, name: string, bound: Quantity): string | undefined {
  const rule = `${name} max limit to request ratio per ${type} is ${writeQuantity(bound)}`;
  const [request, limit] = [requests.get(name), limits.get(name)];
  if (!request?.digits) return `${rule}, but no request is specified or request is 0`;
  if (!limit?.digits) return `${rule}, but no limit is specified or limit is 0`;
  const ratio = Number(amountOf(writeQuantity(limit))) / Number(amountOf(writeQuantity(request)));
  const ratioMax = Number(amountOf(writeQuantity(bound))) / 1e9;
  return ratio > ratioMax ? `${rule}, but provided ratio is ${ratio.toFixed(6)}` : undefined;
}
