import type { ResourceDefinition } from '../definition.ts';
import { configmaps } from './configmap.ts';
import { deployments } from './deployment.ts';
import { endpoints } from './endpoints.ts';
import { endpointslices } from './endpointslice.ts';
import { events } from './event.ts';
import { horizontalpodautoscalers } from './horizontalpodautoscaler.ts';
import { leases } from './lease.ts';
import { namespaces } from './namespace.ts';
import { nodes } from './node.ts';
import { pods } from './pod.ts';
import { priorityclasses } from './priorityclass.ts';
import { replicasets } from './replicaset.ts';
import { secrets } from './secret.ts';
import { services } from './service.ts';
import { serviceaccounts } from './serviceaccount.ts';

/** Every built-in kind. Order is the order of discovery. */
export const builtinKinds: ReadonlyArray<ResourceDefinition> = [
  namespaces,
  nodes,
  pods,
  services,
  endpoints,
  configmaps,
  secrets,
  events,
  serviceaccounts,
  endpointslices,
  leases,
  deployments,
  replicasets,
  horizontalpodautoscalers,
  priorityclasses,
];
