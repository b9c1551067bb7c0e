import type { ResourceDefinition } from '../definition.ts';
import { ipaddresses, servicecidrs } from './addressing.ts';
import {
  mutatingadmissionpolicies,
  mutatingadmissionpolicybindings,
  validatingadmissionpolicies,
  validatingadmissionpolicybindings,
} from './admissionpolicy.ts';
import { apiservices } from './apiservice.ts';
import { certificatesigningrequests } from './certificatesigningrequest.ts';
import { configmaps } from './configmap.ts';
import { controllerrevisions } from './controllerrevision.ts';
import { cronjobs } from './cronjob.ts';
import { csidrivers } from './csidriver.ts';
import { csinodes } from './csinode.ts';
import { csistoragecapacities } from './csistoragecapacity.ts';
import { customresourcedefinitions } from './customresourcedefinition.ts';
import { daemonsets } from './daemonset.ts';
import { deployments } from './deployment.ts';
import { deviceclasses, resourceclaims, resourceclaimtemplates, resourceslices } from './dynamicresource.ts';
import { endpoints } from './endpoints.ts';
import { endpointslices } from './endpointslice.ts';
import { events, groupedEvents } from './event.ts';
import { flowschemas, prioritylevelconfigurations } from './flowcontrol.ts';
import { firstAutoscalers, horizontalpodautoscalers } from './horizontalpodautoscaler.ts';
import { ingresses } from './ingress.ts';
import { ingressclasses } from './ingressclass.ts';
import { jobs } from './job.ts';
import { leases } from './lease.ts';
import { limitranges } from './limitrange.ts';
import { namespaces } from './namespace.ts';
import { networkpolicies } from './networkpolicy.ts';
import { nodes } from './node.ts';
import { persistentvolumes } from './persistentvolume.ts';
import { persistentvolumeclaims } from './persistentvolumeclaim.ts';
import { pods } from './pod.ts';
import { poddisruptionbudgets } from './poddisruptionbudget.ts';
import { podtemplates } from './podtemplate.ts';
import { priorityclasses } from './priorityclass.ts';
import { clusterrolebindings, clusterroles, rolebindings, roles } from './rbac.ts';
import { replicasets } from './replicaset.ts';
import { replicationcontrollers } from './replicationcontroller.ts';
import { resourcequotas } from './resourcequota.ts';
import { bindings, reviews } from './review.ts';
import { runtimeclasses } from './runtimeclass.ts';
import { secrets } from './secret.ts';
import { services } from './service.ts';
import { serviceaccounts } from './serviceaccount.ts';
import { statefulsets } from './statefulset.ts';
import { storageclasses } from './storageclass.ts';
import { volumeattachments } from './volumeattachment.ts';
import { volumeattributesclasses } from './volumeattributesclass.ts';
import { mutatingwebhookconfigurations, validatingwebhookconfigurations } from './webhookconfiguration.ts';

/** Every built-in kind. Order is the order of discovery. */
export const builtinKinds: ReadonlyArray<ResourceDefinition> = [
  namespaces,
  nodes,
  pods,
  podtemplates,
  replicationcontrollers,
  services,
  endpoints,
  configmaps,
  secrets,
  events,
  serviceaccounts,
  groupedEvents,
  endpointslices,
  leases,
  controllerrevisions,
  daemonsets,
  deployments,
  replicasets,
  statefulsets,
  cronjobs,
  jobs,
  horizontalpodautoscalers,
  firstAutoscalers,
  priorityclasses,
  ipaddresses,
  servicecidrs,
  ingresses,
  ingressclasses,
  limitranges,
  networkpolicies,
  persistentvolumes,
  persistentvolumeclaims,
  poddisruptionbudgets,
  clusterrolebindings,
  clusterroles,
  rolebindings,
  roles,
  resourcequotas,
  runtimeclasses,
  csidrivers,
  csinodes,
  csistoragecapacities,
  storageclasses,
  volumeattachments,
  volumeattributesclasses,
  mutatingadmissionpolicies,
  mutatingadmissionpolicybindings,
  validatingadmissionpolicies,
  validatingadmissionpolicybindings,
  mutatingwebhookconfigurations,
  validatingwebhookconfigurations,
  apiservices,
  certificatesigningrequests,
  customresourcedefinitions,
  deviceclasses,
  resourceclaims,
  resourceclaimtemplates,
  resourceslices,
  flowschemas,
  prioritylevelconfigurations,
  bindings,
  ...reviews,
];
