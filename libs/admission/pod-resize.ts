import type { V1Node, V1Pod } from '../api/gen/types.ts';
import { amountOf } from '../api/validation/amounts.ts';
import { containersTogether } from '../api/validation/pod/resources.ts';
import { StatusError } from '../base/status.ts';
import type { ObjectReader } from '../cache/object-reader.ts';
import { forbidden } from '../registry/errors.ts';
import type { AdmissionPlugin } from './chain.ts';

const pods = { group: '', plural: 'pods' };
/** The units in which messages give amounts, in billionth parts. */
const units = { cpu: 1_000_000n, memory: 1_000_000_000n } as const;

/** Refuses to give a running pod more than its whole node has. Whether there is room for it now, the node decides. */
export function podResizes(objects: ObjectReader): AdmissionPlugin {
  return {
    name: 'PodResize',
    resources: ['/pods'],
    admit({ operation, object, previous, subresource }) {
      if (operation !== 'update' || subresource !== 'resize') return;
      const before = previous as V1Pod;
      const { nodeName } = before.spec ?? {};
      if (!nodeName) return;
      const node = objects.get<V1Node>('', 'nodes', nodeName);
      const name = before.metadata?.name ?? '';
      if (!node) throw forbidden(pods, name, `node "${nodeName}" not found`);
      const short = shortages(object as V1Pod, before, node);
      if (short.length > 0) throw tooLarge(name, short);
    },
  };
}

function shortages({ spec }: V1Pod, before: V1Pod, node: V1Node): string[] {
  return (['cpu', 'memory'] as const).flatMap((name) => {
    const own = spec?.resources?.requests?.[name];
    const containers = spec && containersTogether(spec, 'requests').get(name);
    const asked =
      (own === undefined ? (containers ?? 0n) : amountOf(own)) + amountOf(before.spec?.overhead?.[name] ?? 0);
    const allocatable = amountOf(node.status?.allocatable?.[name] ?? 0);
    if (asked <= allocatable) return [];
    return [`${name}, requested: ${shown(asked, units[name])}, allocatable: ${shown(allocatable, units[name])}`];
  });
}

/** Rounded up, as quantities are. */
function shown(amount: bigint, unit: bigint): bigint {
  return (amount + unit - 1n) / unit;
}

function tooLarge(name: string, short: readonly string[]): StatusError {
  const why = `node didn't have enough allocatable resources: ${short.join('; ')}`;
  const { reason, message, details } = forbidden(pods, name, why);
  return new StatusError(reason, message, { details: { ...details, causes: [{ reason: 'NodeCapacity' }] } });
}
