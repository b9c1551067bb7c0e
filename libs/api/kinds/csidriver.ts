import type { ResourceDefinition } from '../definition.ts';
import type { StorageV1TokenRequest, V1CSIDriver, V1CSIDriverSpec } from '../gen/types.ts';
import { sameValue } from '../validation/equality.ts';
import { clusterMetadata } from '../validation/metadata.ts';
import { immutable, validations } from '../validation/object.ts';
import { all, fields, oneOf, present, type Rule } from '../validation/rule.ts';
import { ageColumn, text as column, nameColumn } from './cells.ts';

const TOKEN_SECONDS_MIN = 600;
const TOKEN_SECONDS_MAX = 2 ** 32;
const UPDATE_PERIOD_SECONDS_MIN = 10;

const tokenRequests: Rule<readonly StorageV1TokenRequest[]> = (list, at) => {
  const seen = new Set<string>();
  list.forEach(({ audience, expirationSeconds: seconds }, i) => {
    const isFirst = !seen.has(audience);
    seen.add(audience);
    if (!isFirst) at.duplicate(audience, i, 'audience');
    else if (seconds === undefined) return;
    else if (seconds < TOKEN_SECONDS_MIN) at.invalid('must be at least 10 minutes', i, 'expirationSeconds');
    else if (seconds > TOKEN_SECONDS_MAX) at.invalid('must be at most 2^32 seconds', i, 'expirationSeconds');
  });
};

const LIFECYCLES = ['Persistent', 'Ephemeral'];

const driverSpec: Rule<V1CSIDriverSpec> = all<V1CSIDriverSpec>(
  (spec, at) => {
    if (spec.attachRequired === undefined) at.required('', 'attachedRequired');
  },
  fields<V1CSIDriverSpec>({
    podInfoOnMount: present(),
    storageCapacity: present(),
    fsGroupPolicy: oneOf(['File', 'None', 'ReadWriteOnceWithFSType']),
    tokenRequests,
    volumeLifecycleModes: (modes: readonly string[], at) => {
      for (const mode of modes) if (!LIFECYCLES.includes(mode)) at.notSupported(LIFECYCLES);
    },
    seLinuxMount: present(),
    nodeAllocatableUpdatePeriodSeconds: (seconds: number, at) => {
      if (seconds < UPDATE_PERIOD_SECONDS_MIN) at.invalid('must be at least 10');
    },
  }),
  (spec, at) => {
    if (spec.serviceAccountTokenInSecrets !== undefined && !spec.tokenRequests?.length) {
      at.invalid('needs tokenRequests', 'serviceAccountTokenInSecrets');
    }
  },
);

type DriverCell = (driver: V1CSIDriver) => unknown;

function flag(name: string, description: string, cell: DriverCell) {
  return { name, type: 'boolean', description, cell } as const;
}

export const csidrivers: ResourceDefinition<V1CSIDriver> = {
  group: 'storage.k8s.io',
  version: 'v1',
  kind: 'CSIDriver',
  plural: 'csidrivers',
  updateNeedsVersion: true,
  singular: 'csidriver',
  namespaced: false,
  type: 'V1CSIDriver',
  setDefaults({ spec }) {
    if (!spec) return;
    spec.attachRequired ??= true;
    spec.podInfoOnMount ??= false;
    spec.storageCapacity ??= false;
    spec.fsGroupPolicy ??= 'ReadWriteOnceWithFSType';
    if (!spec.volumeLifecycleModes?.length) spec.volumeLifecycleModes = ['Persistent'];
    spec.requiresRepublish ??= false;
    spec.seLinuxMount ??= false;
  },
  // Its generation counts changes from none on.
  prepareForUpdate(draft, previous) {
    if (sameValue(draft.spec, previous.spec)) return;
    draft.metadata = { ...draft.metadata, generation: (previous.metadata?.generation ?? 0) + 1 };
  },
  ...validations<V1CSIDriver>({
    metadata: clusterMetadata,
    object: fields<V1CSIDriver>({ spec: present(driverSpec) }),
    after(driver, previous, at) {
      if (driver.spec.attachRequired !== previous.spec.attachRequired)
        at.invalid('field is immutable', 'spec', 'attachedRequired');
      immutable<V1CSIDriver>('spec.volumeLifecycleModes')(driver, previous, at);
    },
  }),
  warnings({ spec }, previous) {
    const changed = !previous || !sameValue(previous.spec.tokenRequests, spec.tokenRequests);
    if (!changed || !spec.tokenRequests?.length || spec.serviceAccountTokenInSecrets !== undefined) return [];
    return ['spec.serviceAccountTokenInSecrets: true keeps the tokens of spec.tokenRequests out of the volume context'];
  },
  columns: [
    nameColumn,
    flag('AttachRequired', 'Whether volumes are attached first.', (driver) => driver.spec.attachRequired ?? true),
    flag('PodInfoOnMount', 'Whether it is told of the pod.', (driver) => driver.spec.podInfoOnMount ?? false),
    flag('StorageCapacity', 'Whether it tells what is free.', (driver) => driver.spec.storageCapacity ?? false),
    column('TokenRequests', 'Audiences of the tokens it wants.', (driver) =>
      driver.spec.tokenRequests?.length
        ? driver.spec.tokenRequests.map((request) => request.audience).join(',')
        : '<unset>',
    ),
    flag('RequiresRepublish', 'Whether it publishes again.', (driver) => driver.spec.requiresRepublish ?? false),
    column('Modes', 'How long its volumes live.', (driver) => driver.spec.volumeLifecycleModes?.join(',') || '<none>'),
    ageColumn,
  ],
};
