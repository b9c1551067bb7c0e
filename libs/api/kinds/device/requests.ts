import type { V1DeviceClassSpec, V1DeviceSelector, V1DeviceToleration } from '../../gen/types.ts';
import { csiDriverName } from '../../validation/csi.ts';
import { dnsLabel, dnsSubdomain, labelValue, qualifiedName } from '../../validation/names.ts';
import { all, alwaysText, each, fields, present, type Rule, required, text, unique } from '../../validation/rule.ts';

const MODES = ['All', 'ExactCount'];
const SELECTORS_MAX = 32;
export const CONFIGS_MAX = 32;
export const REQUESTS_MAX = 32;
const CHOICES_MAX = 8;
const EXPRESSION_BYTES_MAX = 10 * 1024;
const PARAMETERS_BYTES_MAX = 10 * 1024;
const TOLERATION_OPERATORS = ['Equal', 'Exists'];
const TOLERATED_EFFECTS = ['NoExecute', 'NoSchedule', 'None'];

/** Looks at the items of a list only when there are not too many of them. */
export function noMoreThan<T, C = unknown>(max: number, rule: Rule<readonly T[], C>): Rule<readonly T[], C> {
  return (list, at, context) => (list.length > max ? at.tooMany(max) : rule(list, at, context));
}

/** What is asked of one kind of device. */
export interface ExactRequest {
  deviceClassName?: string;
  selectors?: V1DeviceSelector[];
  allocationMode?: string;
  count?: number;
  tolerations?: V1DeviceToleration[];
}

export interface SubRequest extends ExactRequest {
  name?: string;
}

export interface DeviceRequest {
  name?: string;
  exactly?: ExactRequest;
  firstAvailable?: SubRequest[];
}

/** Expressions are looked at no further: nothing is allocated by them. */
const selector: Rule<V1DeviceSelector> = fields<V1DeviceSelector>({
  cel: present((cel: { expression?: string }, at) => {
    const expression = cel.expression ?? '';
    if (Buffer.byteLength(expression) > EXPRESSION_BYTES_MAX) at.tooLong(EXPRESSION_BYTES_MAX, 'expression');
    else if (!expression.trim()) at.invalid('must be an expression', 'expression');
  }),
});

const selectors: Rule<readonly V1DeviceSelector[]> = noMoreThan(SELECTORS_MAX, each(selector));

const amount: Rule<ExactRequest> = ({ allocationMode = '', count = 0 }, at) => {
  if (!MODES.includes(allocationMode)) at.notSupported(MODES, 'allocationMode');
  else if (allocationMode === 'All' && count !== 0) at.invalid('goes with ExactCount', 'count');
  else if (allocationMode === 'ExactCount' && count <= 0) at.invalid('must be greater than zero', 'count');
};

const toleration: Rule<V1DeviceToleration> = ({ key, operator, value = '', effect }, at) => {
  if (key) for (const complaint of qualifiedName(key)) at.invalid(complaint, 'key');
  if (!operator) at.required('', 'operator');
  else if (!TOLERATION_OPERATORS.includes(operator)) at.notSupported(TOLERATION_OPERATORS, 'operator');
  else if (operator === 'Equal') for (const complaint of labelValue(value)) at.invalid(complaint, 'value');
  else if (value !== '') at.invalid('goes with Equal', 'value');
  if (effect && !TOLERATED_EFFECTS.includes(effect)) at.notSupported(TOLERATED_EFFECTS, 'effect');
};

const exactRequest: Rule<ExactRequest> = all<ExactRequest>(
  fields<ExactRequest>({ deviceClassName: required(text(dnsSubdomain)), selectors }),
  amount,
  fields<ExactRequest>({ tolerations: each(toleration) }),
);

const subRequest: Rule<SubRequest> = all<SubRequest>(
  fields<SubRequest>({ name: alwaysText(dnsLabel) }),
  exactRequest as Rule<SubRequest>,
);

const choices: Rule<readonly SubRequest[]> = noMoreThan(
  CHOICES_MAX,
  all<readonly SubRequest[]>(
    each(subRequest),
    unique((one) => one.name),
  ),
);

/** A request asks for one thing, or for the first of several that there is. */
const deviceRequest: Rule<DeviceRequest> = (request, at, context) => {
  fields<DeviceRequest>({ name: alwaysText(dnsLabel) })(request, at, context);
  const several = !!request.firstAvailable?.length;
  if (!request.exactly && !several) return at.required('needs exactly or firstAvailable');
  if (request.exactly && several) return at.invalid('exactly and firstAvailable exclude each other');
  fields<DeviceRequest>({ exactly: exactRequest, firstAvailable: choices })(request, at, context);
};

export const deviceRequests: Rule<readonly DeviceRequest[]> = noMoreThan(
  REQUESTS_MAX,
  all<readonly DeviceRequest[]>(
    each(deviceRequest),
    unique((request) => request.name),
  ),
);

type Configuration = NonNullable<V1DeviceClassSpec['config']>[number];

/** What a driver is told. */
export const configuration: Rule<Configuration> = fields<Configuration>({
  opaque: present(
    fields<NonNullable<Configuration['opaque']>>({
      driver: csiDriverName,
      parameters: present((parameters: unknown, at) => {
        if (Buffer.byteLength(JSON.stringify(parameters)) > PARAMETERS_BYTES_MAX) at.tooLong(PARAMETERS_BYTES_MAX);
        else if (typeof parameters !== 'object' || Array.isArray(parameters)) at.invalid('must be an object');
      }),
    }),
  ),
});

export const deviceClassSpec: Rule<V1DeviceClassSpec> = fields<V1DeviceClassSpec>({
  selectors,
  config: noMoreThan(CONFIGS_MAX, each(configuration)),
});
