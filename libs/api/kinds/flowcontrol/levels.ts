import type {
  V1ExemptPriorityLevelConfiguration,
  V1LimitedPriorityLevelConfiguration,
  V1LimitResponse,
  V1PriorityLevelConfiguration,
  V1QueuingConfiguration,
} from '../../gen/types.ts';
import { sameValue } from '../../validation/equality.ts';
import type { Report } from '../../validation/report.ts';
import { below, between, fields, nonNegative, type Rule } from '../../validation/rule.ts';
import { mandatoryLevel } from './defaults.ts';

const EXEMPT = 'exempt';
const QUEUES_MAX = 10_000_000;
/** Bits of the hash that deals out queues. */
const HASH_BITS_MAX = 60;

const percent = between(0, 100);

const exempt: Rule<V1ExemptPriorityLevelConfiguration> = fields<V1ExemptPriorityLevelConfiguration>({
  nominalConcurrencyShares: nonNegative,
  lendablePercent: percent,
});

const queuing: Rule<V1QueuingConfiguration> = ({ queueLengthLimit = 0, queues = 0, handSize = 0 }, at) => {
  if (queueLengthLimit <= 0) at.invalid('must be positive', 'queueLengthLimit');
  if (queues <= 0) at.invalid('must be positive', 'queues');
  else if (queues > QUEUES_MAX) at.invalid(`must not be greater than ${QUEUES_MAX}`, 'queues');
  const bits = Math.ceil(Math.log2(queues) * handSize);
  if (handSize <= 0) at.invalid('must be positive', 'handSize');
  else if (handSize > queues) at.invalid('must not be greater than queues', 'handSize');
  else if (bits > HASH_BITS_MAX) at.invalid(`asks for ${bits} bits of a hash of ${HASH_BITS_MAX}`, 'handSize');
};

const limitResponse: Rule<V1LimitResponse> = (response, at, context) => {
  if (response.type === 'Reject') {
    if (response.queuing) at.forbidden('goes with the type Queue', 'queuing');
  } else if (response.type !== 'Queue') at.notSupported(['Queue', 'Reject'], 'type');
  else if (!response.queuing) at.required('', 'queuing');
  else below(at, 'queuing', response.queuing, queuing, context);
};

const limited: Rule<V1LimitedPriorityLevelConfiguration> = (value, at, context) => {
  fields<V1LimitedPriorityLevelConfiguration>({ nominalConcurrencyShares: nonNegative })(value, at, context);
  below(at, 'limitResponse', value.limitResponse ?? { type: '' }, limitResponse, context);
  fields<V1LimitedPriorityLevelConfiguration>({
    lendablePercent: percent,
    borrowingLimitPercent: nonNegative,
  })(value, at, context);
};

/** A priority level's specification. The level named `exempt` is the only one without a limit. */
export const levelSpec: Rule<V1PriorityLevelConfiguration> = ({ metadata, spec }, at, context) => {
  at.enter('spec');
  if ((metadata?.name === EXEMPT) !== (spec?.type === 'Exempt')) at.invalid('is for the level named exempt', 'type');
  typed(spec ?? { type: '' }, at);
  if (spec?.type === 'Exempt') below(at, 'exempt', spec.exempt, exempt, context);
  if (spec?.type === 'Limited') below(at, 'limited', spec.limited, limited, context);
  const must = mandatoryLevel(metadata?.name);
  // How much the exempt level lends may be tuned.
  const tuned = must?.exempt && spec?.exempt ? { ...must, exempt: spec.exempt } : must;
  if (tuned && !sameValue(tuned, spec)) at.invalid(`${metadata?.name} keeps its meaning`);
  at.leave();
};

function typed(spec: NonNullable<V1PriorityLevelConfiguration['spec']>, at: Report): void {
  if (spec.type === 'Exempt') {
    if (spec.limited) at.forbidden('goes with Limited only', 'limited');
  } else if (spec.type === 'Limited') {
    if (spec.exempt) at.forbidden('goes with Exempt only', 'exempt');
    if (!spec.limited) at.required('', 'limited');
  } else at.notSupported(['Exempt', 'Limited'], 'type');
}
