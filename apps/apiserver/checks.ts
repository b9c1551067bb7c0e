import type { Store } from '../../libs/store/store.ts';
import type { HealthCheck } from './health.ts';

/** What the server does once, right after it listens; under the names by which upstream's tools wait for it. */
const startSteps = [
  'poststarthook/start-apiextensions-controllers',
  'poststarthook/crd-informer-synced',
  'poststarthook/start-system-namespaces-controller',
  'poststarthook/rbac/bootstrap-roles',
  'poststarthook/scheduling/bootstrap-system-priority-classes',
  'poststarthook/bootstrap-controller',
  'poststarthook/apiservice-registration-controller',
  'autoregister-completion',
];

/** Whether the server has made what every cluster has, and whether it is about to end. */
export interface Phase {
  started: boolean;
  stopping: boolean;
}

/** The store, under the name that tools exclude or ask for, whichever store it is. */
export function storeCheck(store: Store): HealthCheck {
  return { name: 'etcd', check: async () => void (await store.status()) };
}

/**
 * All checks in the order of upstream's. The mirror of the store is whole before the server listens, so `informer-sync`
 * is well whenever it can be asked.
 */
export function serverChecks(store: Store, phase: Phase): HealthCheck[] {
  const well = async () => {};
  const started = async () => {
    if (!phase.started) throw new Error('what every cluster has is not made yet');
  };
  const running = async () => {
    if (phase.stopping) throw new Error('the server is stopping');
  };
  return [
    { name: 'ping', check: well },
    { name: 'log', check: well },
    storeCheck(store),
    { ...storeCheck(store), name: 'etcd-readiness', endpoints: ['readyz'] },
    { name: 'informer-sync', endpoints: ['readyz'], check: well },
    ...startSteps.map((name) => ({ name, check: started })),
    { name: 'shutdown', endpoints: ['readyz'], check: running },
  ];
}
