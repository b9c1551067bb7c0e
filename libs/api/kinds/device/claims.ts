import type { V1DeviceClaim, V1DeviceClaimConfiguration, V1DeviceConstraint } from '../../gen/types.ts';
import { csiDriverName } from '../../validation/csi.ts';
import { dnsLabel } from '../../validation/names.ts';
import type { Report } from '../../validation/report.ts';
import { all, each, fields, type Rule, text, unique } from '../../validation/rule.ts';
import { CONFIGS_MAX, configuration, deviceRequests, noMoreThan, REQUESTS_MAX } from './requests.ts';

const CONSTRAINTS_MAX = 32;
const IDENTIFIER_LENGTH_MAX = 32;

/** The requests that a claim makes, with the names of those among which each chooses. */
type RequestNames = ReadonlyMap<string, ReadonlySet<string>>;

function namesOf({ requests }: V1DeviceClaim): RequestNames {
  return new Map(
    requests?.map(({ name, firstAvailable }) => [name, new Set(firstAvailable?.map((choice) => choice.name))]),
  );
}

/** A request of the claim, or one of those among which it chooses: `name` or `name/sub-request`. */
const reference: Rule<string, RequestNames> = (value, at, names) => {
  const steps = value.split('/');
  if (steps.length > 2) return at.invalid("may have one '/'");
  for (const step of steps) text(dnsLabel)(step, at, undefined);
  const [request = '', choice] = steps;
  const choices = names.get(request);
  if (!choices || (choice !== undefined && !choices.has(choice))) at.invalid('names no request of the claim');
};

const references: Rule<readonly string[], RequestNames> = noMoreThan(
  REQUESTS_MAX,
  all<readonly string[], RequestNames>(
    each(reference),
    unique((name) => name),
  ),
);

function identifier(value: string, at: Report): void {
  if (value.length > IDENTIFIER_LENGTH_MAX) at.tooLong(IDENTIFIER_LENGTH_MAX);
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(value)) at.invalid("must be letters, digits and '_', and begin with no digit");
}

/** `domain/name`; with more than one '/' it is looked at no further, as upstream does. */
const attribute: Rule<string> = (value, at) => {
  const [domain = '', name, ...more] = value.split('/');
  if (more.length > 0) return;
  if (name === undefined) {
    identifier(domain, at);
    return at.invalid("must be a domain, '/' and a name");
  }
  if (domain === '') at.invalid('must have a domain');
  else csiDriverName(domain, at, undefined);
  if (name === '') at.invalid('must have a name');
  else identifier(name, at);
};

const constraint: Rule<V1DeviceConstraint, RequestNames> = (value, at, names) => {
  fields<V1DeviceConstraint, RequestNames>({ requests: references })(value, at, names);
  if (value.matchAttribute !== undefined) fields<V1DeviceConstraint>({ matchAttribute: attribute })(value, at, names);
  else if (value.distinctAttribute === undefined) at.required('needs matchAttribute or distinctAttribute');
  else fields<V1DeviceConstraint>({ distinctAttribute: attribute })(value, at, names);
};

const claimConfiguration: Rule<V1DeviceClaimConfiguration, RequestNames> = all<
  V1DeviceClaimConfiguration,
  RequestNames
>(fields<V1DeviceClaimConfiguration, RequestNames>({ requests: references }), configuration);

const parts = fields<V1DeviceClaim, RequestNames>({
  requests: deviceRequests,
  constraints: noMoreThan(CONSTRAINTS_MAX, each(constraint)),
  config: noMoreThan(CONFIGS_MAX, each(claimConfiguration)),
});

/** What a claim asks for, under which conditions, and what the drivers are told. */
export const deviceClaim: Rule<V1DeviceClaim> = (claim, at) => parts(claim, at, namesOf(claim));
