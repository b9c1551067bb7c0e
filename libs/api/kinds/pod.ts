import type { ResourceDefinition } from '../definition.ts';
import type { V1Pod } from '../gen/types.ts';
import { validateEphemeralContainersUpdate, validatePod, validatePodUpdate } from '../validation/pod/pod.ts';
import { validatePodResize } from '../validation/pod/resize.ts';
import { validatePodStatusUpdate } from '../validation/pod/status.ts';
import { podColumns, podRowConditions } from './pod/columns.ts';
import { defaultPod } from './pod/defaults.ts';
import {
  prepareEphemeralContainers,
  prepareNewPod,
  preparePodResize,
  preparePodStatusUpdate,
  preparePodUpdate,
} from './pod/strategy.ts';
import { podWarnings } from './pod/warnings.ts';

export const pods: ResourceDefinition<V1Pod> = {
  group: '',
  version: 'v1',
  kind: 'Pod',
  plural: 'pods',
  singular: 'pod',
  shortNames: ['po'],
  categories: ['all'],
  namespaced: true,
  type: 'V1Pod',
  hasStatus: true,
  hasGeneration: true,
  subresources: [
    { name: 'attach', kind: 'PodAttachOptions', verbs: ['create', 'get'] },
    { name: 'binding', kind: 'Binding', verbs: ['create'] },
    { name: 'ephemeralcontainers', kind: 'Pod', verbs: ['get', 'patch', 'update'] },
    { name: 'eviction', kind: 'Eviction', group: 'policy', version: 'v1', verbs: ['create'] },
    { name: 'exec', kind: 'PodExecOptions', verbs: ['create', 'get'] },
    { name: 'log', kind: 'Pod', verbs: ['get'] },
    { name: 'portforward', kind: 'PodPortForwardOptions', verbs: ['create', 'get'] },
    { name: 'proxy', kind: 'PodProxyOptions', verbs: ['create', 'delete', 'get', 'patch', 'update'] },
    { name: 'resize', kind: 'Pod', verbs: ['get', 'patch', 'update'] },
  ],
  setDefaults: defaultPod,
  prepareForCreate: prepareNewPod,
  prepareForUpdate: preparePodUpdate,
  prepareForStatusUpdate: preparePodStatusUpdate,
  validate: validatePod,
  validateUpdate: validatePodUpdate,
  validateStatusUpdate: validatePodStatusUpdate,
  updatesBy: {
    ephemeralcontainers: { prepare: prepareEphemeralContainers, validate: validateEphemeralContainersUpdate },
    resize: { prepare: preparePodResize, validate: validatePodResize },
  },
  warnings: podWarnings,
  columns: podColumns,
  rowConditions: podRowConditions,
  selectableFields: {
    'spec.nodeName': (pod) => pod.spec?.nodeName ?? '',
    'spec.restartPolicy': (pod) => pod.spec?.restartPolicy ?? '',
    'spec.schedulerName': (pod) => pod.spec?.schedulerName ?? '',
    'spec.serviceAccountName': (pod) => pod.spec?.serviceAccountName ?? '',
    'spec.hostNetwork': (pod) => String(pod.spec?.hostNetwork ?? false),
    'status.phase': (pod) => pod.status?.phase ?? '',
    'status.podIP': (pod) => pod.status?.podIPs?.[0]?.ip ?? '',
    // May be asked for, and is never set, upstream.
    'status.podIPs': () => '',
    'status.nominatedNodeName': (pod) => pod.status?.nominatedNodeName ?? '',
  },
  sparseFields: ['spec.nodeName', 'status.nominatedNodeName'],
};
