import type { ResourceDefinition } from '../definition.ts';
import type {
  StorageV1TokenRequest,
  V1CSIDriver,
  V1CSIDriverSpec,
  V1CSINode,
  V1CSINodeDriver,
  V1CSIStorageCapacity,
  V1StorageClass,
  V1TopologySelectorLabelRequirement,
  V1TopologySelectorTerm,
  V1VolumeAttachment,
  V1VolumeAttributesClass,
} from '../gen/types.ts';
import { amountOf } from '../validation/amounts.ts';
import { csiDriverName } from '../validation/csi.ts';
import { sameValue } from '../validation/equality.ts';
import { labelSelector } from '../validation/labels.ts';
import { clusterMetadata, namespacedMetadata } from '../validation/metadata.ts';
import { dnsSubdomain, qualifiedName } from '../validation/names.ts';
import { immutable, validations } from '../validation/object.ts';
import { all, alwaysText, each, fields, oneOf, present, type Rule, required, unique } from '../validation/rule.ts';
import { ageColumn, text as column, integer, nameColumn } from './cells.ts';
import { ownStatus } from './strategy.ts';

const GROUP = { group: 'storage.k8s.io', version: 'v1' } as const;
const PARAMETERS_MAX = 512;
const PARAMETERS_BYTES_MAX = 256 * 1024;
const NODE_ID_LENGTH_MAX = 256;
const TOKEN_SECONDS_MIN = 600;
const TOKEN_SECONDS_MAX = 2 ** 32;
const UPDATE_PERIOD_SECONDS_MIN = 10;
const DEFAULT_CLASS = 'storageclass.kubernetes.io/is-default-class';

const provisioner: Rule<string> = required((name, at) => {
  for (const complaint of qualifiedName(name.toLowerCase())) at.invalid(complaint);
});

const parameters: Rule<Readonly<Record<string, string>>> = (map, at) => {
  const entries = Object.entries(map);
  if (entries.length > PARAMETERS_MAX) return at.tooLong(PARAMETERS_MAX);
  if ('' in map) at.invalid('names must not be empty');
  const bytes = entries.reduce((sum, [key, value]) => sum + Buffer.byteLength(key) + Buffer.byteLength(value), 0);
  if (bytes > PARAMETERS_BYTES_MAX) at.tooLong(PARAMETERS_BYTES_MAX);
};

const topologyLabel: Rule<V1TopologySelectorLabelRequirement> = ({ key, values }, at) => {
  if (!values?.length) at.required('', 'values');
  values?.forEach((value, i) => {
    if (values.indexOf(value) < i) at.duplicate(value, 'values', i);
  });
  for (const complaint of qualifiedName(key ?? '')) at.invalid(complaint, 'key');
};

const topologyLabels: Rule<readonly V1TopologySelectorLabelRequirement[]> = (list, at, context) => {
  list.forEach((item, i) => {
    at.enter(i);
    topologyLabel(item, at, context);
    if (list.findIndex((other) => other.key === item.key) < i) at.duplicate(item.key, 'key');
    at.leave();
  });
};

/** A term that stands twice says nothing, and neither does an empty one. Terms are compared by what they select. */
const topologies: Rule<readonly V1TopologySelectorTerm[]> = (terms, at, context) => {
  const meaning = (term: V1TopologySelectorTerm) =>
    Object.fromEntries((term.matchLabelExpressions ?? []).map((e) => [e.key, [...(e.values ?? [])].sort()]));
  terms.forEach((term, i) => {
    at.enter(i);
    fields<V1TopologySelectorTerm>({ matchLabelExpressions: topologyLabels })(term, at, context);
    const empty = Object.keys(meaning(term)).length === 0;
    const again = terms.slice(0, i).filter((other) => sameValue(meaning(other), meaning(term))).length;
    for (let n = again + (empty ? terms.length : 0); n > 0; n--) at.duplicate('', 'matchLabelExpressions');
    at.leave();
  });
};

function classNameCell(object: V1StorageClass): string {
  const standard: unknown = object.metadata?.annotations?.[DEFAULT_CLASS];
  return `${object.metadata?.name ?? ''}${standard === 'true' ? ' (default)' : ''}`;
}

export const storageclasses: ResourceDefinition<V1StorageClass> = {
  ...GROUP,
  kind: 'StorageClass',
  plural: 'storageclasses',
  singular: 'storageclass',
  shortNames: ['sc'],
  namespaced: false,
  type: 'V1StorageClass',
  setDefaults(draft) {
    draft.reclaimPolicy ??= 'Delete';
    draft.volumeBindingMode ??= 'Immediate';
  },
  ...validations<V1StorageClass>({
    metadata: clusterMetadata,
    created: fields<V1StorageClass>({
      provisioner,
      parameters,
      reclaimPolicy: (policy: string, at) => {
        if (policy !== '') oneOf(['Delete', 'Retain'])(policy, at, undefined);
      },
      volumeBindingMode: present(oneOf(['Immediate', 'WaitForFirstConsumer'])),
      allowedTopologies: topologies,
    }),
    before: immutable<V1StorageClass>('parameters', 'provisioner', 'reclaimPolicy', 'volumeBindingMode'),
    asNewFirst: true,
  }),
  columns: [
    { ...column<V1StorageClass>('Name', 'Name of the class.', classNameCell), format: 'name' },
    column('Provisioner', 'Who makes its volumes.', (object) => object.provisioner),
    column('ReclaimPolicy', 'What becomes of them.', (object) => object.reclaimPolicy ?? 'Delete'),
    column('VolumeBindingMode', 'When they are made.', (object) => object.volumeBindingMode ?? '<unset>'),
    column('AllowVolumeExpansion', 'Whether they can grow.', (object) => object.allowVolumeExpansion ?? false),
    ageColumn,
  ],
};

const tokenRequests: Rule<readonly StorageV1TokenRequest[]> = (list, at) => {
  list.forEach(({ audience, expirationSeconds: seconds }, i) => {
    const first = list.findIndex((other) => other.audience === audience) === i;
    if (!first) at.duplicate(audience, i, 'audience');
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
  ...GROUP,
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
  ...validations<V1CSIDriver>({
    metadata: clusterMetadata,
    object: fields<V1CSIDriver>({ spec: present(driverSpec) }),
    after(driver, previous, at) {
      if (driver.spec.attachRequired !== previous.spec.attachRequired)
        at.invalid('field is immutable', 'spec', 'attachedRequired');
      immutable<V1CSIDriver>('spec.volumeLifecycleModes')(driver, previous, at);
    },
  }),
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

const nodeDriver: Rule<V1CSINodeDriver> = (driver, at, context) => {
  fields<V1CSINodeDriver>({ name: csiDriverName })(driver, at, context);
  if (!driver.nodeID) at.required('', 'nodeID');
  else if (driver.nodeID.length > NODE_ID_LENGTH_MAX) at.invalid('is too long', 'nodeID');
  if ((driver.allocatable?.count ?? 0) < 0) at.invalid('must not be negative', 'allocatable', 'count');
  driver.topologyKeys?.forEach((key, i, keys) => {
    if (key === '') at.required();
    if (keys.indexOf(key) < i) at.duplicate(key);
    for (const complaint of qualifiedName(key)) at.invalid(complaint);
  });
};

export const csinodes: ResourceDefinition<V1CSINode> = {
  ...GROUP,
  kind: 'CSINode',
  plural: 'csinodes',
  updateNeedsVersion: true,
  singular: 'csinode',
  namespaced: false,
  type: 'V1CSINode',
  ...validations<V1CSINode>({
    metadata: clusterMetadata,
    object: fields<V1CSINode>({
      spec: present(
        fields({
          drivers: all<readonly V1CSINodeDriver[]>(
            each(nodeDriver),
            unique((d) => d.name, 'name'),
          ),
        }),
      ),
    }),
    after(node, previous, at) {
      for (const old of previous.spec.drivers ?? []) {
        const now = node.spec.drivers?.find((driver) => driver.name === old.name);
        const strip = (driver: V1CSINodeDriver) => ({ ...driver, allocatable: undefined });
        if (now && !sameValue(strip(now), strip(old))) at.invalid('field is immutable', 'spec', 'drivers');
      }
    },
    metadataAgain: true,
  }),
  columns: [
    nameColumn,
    integer('Drivers', 'Drivers on the node.', (node) => node.spec.drivers?.length ?? 0),
    ageColumn,
  ],
};

export const csistoragecapacities: ResourceDefinition<V1CSIStorageCapacity> = {
  ...GROUP,
  kind: 'CSIStorageCapacity',
  plural: 'csistoragecapacities',
  updateNeedsVersion: true,
  singular: 'csistoragecapacity',
  namespaced: true,
  type: 'V1CSIStorageCapacity',
  ...validations<V1CSIStorageCapacity>({
    metadata: namespacedMetadata,
    created: fields<V1CSIStorageCapacity>({
      nodeTopology: labelSelector,
      storageClassName: alwaysText(dnsSubdomain),
      capacity: (capacity: string, at) => {
        if (amountOf(capacity) < 0n) at.invalid('must not be negative');
      },
    }),
    before: immutable<V1CSIStorageCapacity>('nodeTopology', 'storageClassName'),
    asNewFirst: true,
  }),
  columns: [
    nameColumn,
    column('StorageClassName', 'Class whose volumes fit.', (object) => object.storageClassName),
    column('Capacity', 'How much is free.', (object) => object.capacity ?? '<unset>'),
  ],
};

export const volumeattachments: ResourceDefinition<V1VolumeAttachment> = {
  ...GROUP,
  kind: 'VolumeAttachment',
  plural: 'volumeattachments',
  updateNeedsVersion: true,
  singular: 'volumeattachment',
  namespaced: false,
  type: 'V1VolumeAttachment',
  ...ownStatus<V1VolumeAttachment>('V1VolumeAttachmentStatus'),
  ...validations<V1VolumeAttachment>({
    metadata: clusterMetadata,
    object({ spec }, at) {
      fields<{ attacher: string; nodeName: string }>({ attacher: csiDriverName, nodeName: alwaysText(dnsSubdomain) })(
        spec,
        at,
        undefined,
      );
      const { inlineVolumeSpec: inline, persistentVolumeName: name } = spec?.source ?? {};
      if (!inline && name === undefined) at.required('', 'spec', 'source');
      else if (inline && name !== undefined) at.forbidden('names one volume only', 'spec', 'source');
      else if (name === '') at.required('', 'spec', 'source', 'persistentVolumeName');
    },
    after: immutable<V1VolumeAttachment>('spec'),
    metadataAgain: true,
    status: () => {},
  }),
  columns: [
    nameColumn,
    { ...column<V1VolumeAttachment>('Attacher', 'Who attaches it.', ({ spec }) => spec.attacher), format: 'name' },
    column('PV', 'The volume.', ({ spec }) => spec.source.persistentVolumeName ?? ''),
    column('Node', 'Where it is attached.', ({ spec }) => spec.nodeName),
    {
      name: 'Attached',
      type: 'boolean',
      description: 'Whether it is.',
      cell: ({ status }) => status?.attached ?? false,
    },
    ageColumn,
  ],
};

export const volumeattributesclasses: ResourceDefinition<V1VolumeAttributesClass> = {
  ...GROUP,
  kind: 'VolumeAttributesClass',
  plural: 'volumeattributesclasses',
  singular: 'volumeattributesclass',
  shortNames: ['vac'],
  namespaced: false,
  type: 'V1VolumeAttributesClass',
  ...validations<V1VolumeAttributesClass>({
    metadata: clusterMetadata,
    before(object, previous, at) {
      for (const name of ['driverName', 'parameters'] as const) {
        if (!sameValue(object[name], previous[name])) at.forbidden('field is immutable', name);
      }
    },
    object: fields<V1VolumeAttributesClass>({ driverName: provisioner, parameters: required(parameters) }),
    metadataAgain: true,
  }),
  columns: [nameColumn, column('DriverName', 'Whose volumes it is for.', (object) => object.driverName), ageColumn],
};
