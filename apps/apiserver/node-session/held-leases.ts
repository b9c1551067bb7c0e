import type { V1Lease } from '../../../libs/api/gen/types.ts';
import { leases, nodeSessionLabel } from '../../../libs/api/kinds/lease.ts';
import { Informer } from '../../../libs/client/informer.ts';
import { type LeasesOptions, nodeLeaseNamespace } from './leases.ts';

/**
 * Follows the Leases of nodes and tells of each that nobody holds, whoever gave it up: a server that took this one for
 * dead may have done so while the session lasts. Costs nothing while nothing is written.
 */
export function followHeld(
  options: Pick<LeasesOptions, 'client' | 'clock' | 'logger'>,
  givenUp: (nodeName: string) => void,
): Informer<V1Lease> {
  const labelSelector = `${nodeSessionLabel}=true`;
  const informer = new Informer<V1Lease>({
    ...options,
    resource: leases,
    namespace: nodeLeaseNamespace,
    labelSelector,
  });
  const gone = ({ metadata }: V1Lease) => givenUp(metadata?.name ?? '');
  const look = (lease: V1Lease) => {
    if (!lease.spec?.holderIdentity) gone(lease);
  };
  informer.addHandler({ added: look, updated: look, deleted: gone });
  return informer;
}
