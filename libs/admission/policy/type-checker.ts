import type { V1ValidatingAdmissionPolicy } from '../../api/gen/types.ts';
import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/log.ts';
import { isStatus } from '../../base/status.ts';
import { kindOf } from '../../registry/equivalents.ts';
import type { Registry } from '../../registry/registry.ts';
import { serverRequest } from '../../registry/server-writes.ts';
import { typeWarnings } from './type-checks.ts';

const group = 'admissionregistration.k8s.io';
const plural = 'validatingadmissionpolicies';

/** People who write a policy and change it at once should not meet another version of it in between. */
const delayMs = 500;

/** Follows validating policies and writes into their status what their types tell of their expressions. */
export function followPolicyTypes(parts: { registry: Registry; clock: Clock; logger: Logger }): void {
  const { registry, clock, logger } = parts;
  const collection = registry.mirror.collection(group, plural);
  const look = (policy: V1ValidatingAdmissionPolicy) => {
    if (policy.metadata?.deletionTimestamp || policy.status?.observedGeneration === policy.metadata?.generation) return;
    clock.setTimer(delayMs, () => {
      tell(registry, policy).catch((error) => {
        if (isStatus(error, 'NotFound', 'Conflict')) return;
        logger.warn('a policy could not be checked against types', { error: String(error) });
      });
    });
  };
  for (const [, { object }] of collection.list({})) look(object as V1ValidatingAdmissionPolicy);
  collection.watch({}, collection.lastChange, {
    event: (type, event) => {
      if (type !== 'DELETED' && event.current) look(event.current.object as V1ValidatingAdmissionPolicy);
    },
    expired: () => followPolicyTypes(parts),
  });
}

async function tell(registry: Registry, policy: V1ValidatingAdmissionPolicy): Promise<void> {
  const expressionWarnings = typeWarnings(policy, {
    definitionOf: (apiVersion, kind) => kindOf(registry, apiVersion, kind),
    resource: (group, version, plural) => registry.resource(group, version, plural)?.definition,
  });
  const typeChecking = expressionWarnings.length > 0 ? { expressionWarnings } : {};
  const status = { ...policy.status, observedGeneration: policy.metadata?.generation, typeChecking };
  const request = { ...serverRequest, fieldManager: 'kube-controller-manager', subresource: 'status' };
  const object = JSON.parse(JSON.stringify({ ...policy, status }));
  const service = registry.resource(group, 'v1', plural)?.service;
  await service?.update({ name: policy.metadata?.name ?? '' }, { object, complaints: [] }, request);
}
