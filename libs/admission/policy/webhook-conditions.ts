import type { V1MatchCondition } from '../../api/gen/types.ts';
import type { Authorizer } from '../../auth/attributes.ts';
import type { MatchConditions } from '../webhook/asker.ts';
import { Activation } from './activation.ts';
import { policyEnvironment } from './environment.ts';
import { Budget, Conditions } from './expressions.ts';

/** What the conditions of one webhook may cost for one request. */
const conditionsCostMax = 2_500_000;

/** Decides the conditions of webhooks. Each list is compiled once. */
export function webhookConditions(authorizer: Authorizer): MatchConditions {
  const known = policyEnvironment({ hasParams: false, hasAuthorizer: true });
  const compiled = new WeakMap<readonly V1MatchCondition[], Conditions>();
  return ({ matchConditions = [] }, attributes, as) => {
    let conditions = compiled.get(matchConditions);
    if (!conditions) {
      conditions = new Conditions(matchConditions, known);
      compiled.set(matchConditions, conditions);
    }
    const activation = new Activation({ attributes, as, namespace: undefined, authorizer });
    return conditions.hold(activation, new Budget(conditionsCostMax));
  };
}
