import type { V1LimitRange, V1LimitRangeItem, V1PersistentVolumeClaim, V1Pod } from '../api/gen/types.ts';
import type { StoreMirror } from '../cache/mirror.ts';
import { forbidden } from '../registry/errors.ts';
import type { AdmissionAttributes } from '../registry/parts.ts';
import type { AdmissionPlugin } from './chain.ts';
import { setDefaults } from './limits/defaults.ts';
import { claimComplaints, podComplaints } from './limits/violations.ts';

/** Gives containers the resources that a LimitRange has for those that do not say, and refuses what is out of range. */
export function limitRanges(mirror: StoreMirror): AdmissionPlugin {
  const ranges = mirror.collection('', 'limitranges');
  const limitsFor = (attributes: AdmissionAttributes): V1LimitRangeItem[] | undefined => {
    const { namespace } = attributes.at;
    if (ranges.count({ namespace }) === 0 || !concerns(attributes)) return undefined;
    return Array.from(ranges.list({ namespace })).flatMap(
      ([, { object }]) => (object as V1LimitRange).spec?.limits ?? [],
    );
  };
  return {
    name: 'LimitRanger',
    resources: ['/pods', '/persistentvolumeclaims'],
    admit(attributes) {
      if (attributes.definition.plural !== 'pods') return;
      const limits = limitsFor(attributes);
      if (limits) setDefaults(attributes.object as V1Pod, limits);
    },
    validate(attributes) {
      const limits = limitsFor(attributes);
      if (!limits) return;
      const { definition, object, at } = attributes;
      const complaints =
        definition.plural === 'pods'
          ? podComplaints(object as V1Pod, limits)
          : claimComplaints(object as V1PersistentVolumeClaim, limits);
      if (complaints.length === 0) return;
      const { name = at.name, generateName = '' } = object?.metadata ?? {};
      throw forbidden(definition, name ?? generateName, aggregate(complaints));
    },
  };
}

/** What pods ask for changes by resizes only; claims may grow. What is going away is left alone. */
function concerns({ operation, definition, previous, subresource }: AdmissionAttributes): boolean {
  if (operation === 'create') return subresource === undefined;
  if (operation !== 'update' || previous?.metadata?.deletionTimestamp) return false;
  return definition.plural === 'pods' ? subresource === 'resize' : subresource === undefined;
}

/** Several complaints in brackets, each once. */
function aggregate(complaints: readonly string[]): string {
  const once = [...new Set(complaints)];
  return once.length === 1 ? once[0]! : `[${once.join(', ')}]`;
}
