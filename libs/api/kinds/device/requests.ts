import type { V1DeviceClassSpec, V1DeviceSelector } from '../../gen/types.ts';
import { dnsLabel, dnsSubdomain } from '../../validation/names.ts';
import {
  all,
  alwaysText,
  each,
  fields,
  maxItems,
  present,
  type Rule,
  required,
  text,
  unique,
} from '../../validation/rule.ts';

const MODES = ['All', 'ExactCount'];
const SELECTORS_MAX = 32;
const CONFIGS_MAX = 32;
const EXPRESSION_LETTERS_MAX = 10 * 1024;
const DRIVER_LETTERS_MAX = 63;

/** What is asked of one kind of device. */
export interface ExactRequest {
  deviceClassName?: string;
  selectors?: V1DeviceSelector[];
  allocationMode?: string;
  count?: number;
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
    if (expression.length > EXPRESSION_LETTERS_MAX) at.tooLong(EXPRESSION_LETTERS_MAX, 'expression');
    else if (!expression.trim()) at.invalid('must be an expression', 'expression');
  }),
});

const selectors: Rule<readonly V1DeviceSelector[]> = all<readonly V1DeviceSelector[]>(
  maxItems(SELECTORS_MAX),
  each(selector),
);

const amount: Rule<ExactRequest> = ({ allocationMode = '', count = 0 }, at) => {
  if (!MODES.includes(allocationMode)) at.notSupported(MODES, 'allocationMode');
  else if (allocationMode === 'All' && count !== 0) at.invalid('goes with ExactCount', 'count');
  else if (allocationMode === 'ExactCount' && count <= 0) at.invalid('must be greater than zero', 'count');
};

const exactRequest: Rule<ExactRequest> = all<ExactRequest>(
  fields<ExactRequest>({ deviceClassName: required(text(dnsSubdomain)), selectors }),
  amount,
);

const subRequest: Rule<SubRequest> = all<SubRequest>(
  fields<SubRequest>({ name: alwaysText(dnsLabel) }),
  exactRequest as Rule<SubRequest>,
);

/** A request asks for one thing, or for the first of several that there is. */
const deviceRequest: Rule<DeviceRequest> = (request, at, context) => {
  fields<DeviceRequest>({ name: alwaysText(dnsLabel) })(request, at, context);
  const several = !!request.firstAvailable?.length;
  if (!request.exactly && !several) return at.required('needs exactly or firstAvailable');
  if (request.exactly && several) return at.invalid('exactly and firstAvailable exclude each other');
  const subRequests = all<readonly SubRequest[]>(
    each(subRequest),
    unique((one) => one.name),
  );
  fields<DeviceRequest>({ exactly: exactRequest, firstAvailable: subRequests })(request, at, context);
};

export const deviceRequests: Rule<readonly DeviceRequest[]> = all<readonly DeviceRequest[]>(
  each(deviceRequest),
  unique((request) => request.name),
);

type Configuration = NonNullable<V1DeviceClassSpec['config']>[number];

const configuration: Rule<Configuration> = fields<Configuration>({
  opaque: present(
    fields<NonNullable<Configuration['opaque']>>({
      driver: required((driver: string, at) => {
        if (driver.length > DRIVER_LETTERS_MAX) at.tooLong(DRIVER_LETTERS_MAX);
        for (const complaint of dnsSubdomain(driver)) at.invalid(complaint);
      }),
      parameters: present((parameters: unknown, at) => {
        if (typeof parameters !== 'object' || Array.isArray(parameters)) at.invalid('must be an object');
      }),
    }),
  ),
});

export const deviceClassSpec: Rule<V1DeviceClassSpec> = fields<V1DeviceClassSpec>({
  selectors,
  config: all<readonly Configuration[]>(maxItems(CONFIGS_MAX), each(configuration)),
});
