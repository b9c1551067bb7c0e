import type { ResourceDefinition } from '../definition.ts';
import type { V1Lease, V1LeaseSpec } from '../gen/types.ts';
import { metadata } from '../validation/metadata.ts';
import { dnsSubdomain, qualifiedName } from '../validation/names.ts';
import { validations } from '../validation/object.ts';
import { fields, nonNegative, positive, type Rule } from '../validation/rule.ts';
import { ageColumn, nameColumn, text } from './cells.ts';

/** On the Lease of a node whose agent holds a session with a server: it is not renewed, but released when the agent falls silent. */
export const nodeSessionLabel = 'berth.dev/node-session';
/** Where servers that hold sessions of nodes say that they live, each by a Lease that it renews. */
export const serverLeaseNamespace = 'kube-system';
export const serverLeaseName = (serverId: string) => `berth-server-${serverId}`;

const STRATEGIES = ['OldestEmulationVersion'];

const leaseSpec: Rule<V1LeaseSpec> = fields<V1LeaseSpec>({
  leaseDurationSeconds: positive,
  leaseTransitions: nonNegative,
  strategy(strategy: string, at) {
    if (STRATEGIES.includes(strategy)) return;
    if (!strategy.includes('/')) at.notSupported(STRATEGIES);
    else for (const complaint of qualifiedName(strategy)) at.invalid(complaint);
  },
});

export const leases: ResourceDefinition<V1Lease> = {
  group: 'coordination.k8s.io',
  version: 'v1',
  kind: 'Lease',
  plural: 'leases',
  updateNeedsVersion: true,
  singular: 'lease',
  namespaced: true,
  type: 'V1Lease',
  createOnUpdate: true,
  ...validations<V1Lease>({
    metadata: metadata({ name: dnsSubdomain, namespaced: true, freeFinalizers: true }),
    object: fields<V1Lease>({
      spec: (spec, at, context) => {
        leaseSpec(spec, at, context);
        if (spec.preferredHolder && !spec.strategy) at.forbidden('needs a strategy', 'preferredHolder');
      },
    }),
  }),
  columns: [nameColumn, text('Holder', 'Who holds the lease.', (lease) => lease.spec?.holderIdentity ?? ''), ageColumn],
};
