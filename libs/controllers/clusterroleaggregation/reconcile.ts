import type { V1ClusterRole } from '../../api/gen/types.ts';
import { clusterroles } from '../../api/kinds/rbac.ts';
import { sameValue } from '../../api/validation/equality.ts';
import { Controller, type ControllerContext } from '../../reconcile/controller.ts';
import { unlessMissing } from '../../reconcile/retry.ts';
import { aggregatedRules } from './compute.ts';

/** Writes into roles with an aggregation rule what they are made of, for people and programs that read roles. */
export function newClusterRoleAggregationController(context: ControllerContext): Controller {
  const { client, informers } = context;
  const cache = informers.of(clusterroles);
  const controller = new Controller(context, {
    name: 'clusterrole-aggregation',
    caches: [cache],
    workers: 1,
    async reconcile(name) {
      const role = cache.get(name);
      if (!role?.aggregationRule) return {};
      const rules = aggregatedRules(role, cache.list());
      if (!sameValue(rules, role.rules)) await unlessMissing(client.update(clusterroles, { ...role, rules }));
      return {};
    },
  });
  // A change of any role may concern every role that is made of others.
  const enqueue = () => {
    for (const { metadata, aggregationRule } of cache.list()) {
      if (aggregationRule) controller.enqueue(metadata?.name ?? '');
    }
  };
  const changed = (role: V1ClusterRole, previous?: V1ClusterRole) => {
    const { rules, aggregationRule, metadata } = role;
    const same =
      previous &&
      sameValue(rules, previous.rules) &&
      sameValue(aggregationRule, previous.aggregationRule) &&
      sameValue(metadata?.labels, previous.metadata?.labels);
    if (!same) enqueue();
  };
  cache.addHandler({ added: changed, updated: changed, deleted: enqueue });
  return controller;
}
