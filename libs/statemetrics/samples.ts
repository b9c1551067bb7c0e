import type {
  V1Container,
  V1Deployment,
  V1Node,
  V1Pod,
  V1ReplicaSet,
  V2HorizontalPodAutoscaler,
} from '../api/gen/types.ts';
import { milliValue } from '../api/quantity/amounts.ts';
import type { Labels } from '../base/metrics.ts';

export interface Sample {
  labels: Labels;
  value: number;
}

/** One metric about objects of one kind: its name, its labels and how to read it. */
export interface StateMetric<T> {
  name: string;
  help: string;
  labels: readonly string[];
  samples(object: T): Sample[];
}

const one = (labels: Labels, value: number | undefined): Sample[] => (value === undefined ? [] : [{ labels, value }]);
const flag = (value: boolean): number => (value ? 1 : 0);

/** A metric of one number for each object. */
function number<T>(
  name: string,
  help: string,
  read: { labels: (object: T) => Labels; names: readonly string[]; value: (object: T) => number | undefined },
): StateMetric<T> {
  return { name, help, labels: read.names, samples: (object) => one(read.labels(object), read.value(object)) };
}

const podLabels = (pod: V1Pod): Labels => ({
  namespace: pod.metadata?.namespace ?? '',
  pod: pod.metadata?.name ?? '',
  uid: pod.metadata?.uid ?? '',
});
const podNames = ['namespace', 'pod', 'uid'] as const;
const containerNames = [...podNames, 'container'] as const;
const phases = ['Pending', 'Running', 'Succeeded', 'Failed', 'Unknown'];

/** Names and labels follow kube-state-metrics, so that its dashboards and alerts work. */
export const podMetrics: ReadonlyArray<StateMetric<V1Pod>> = [
  {
    name: 'kube_pod_info',
    help: 'Where a pod runs.',
    labels: [...podNames, 'node', 'pod_ip', 'host_ip', 'created_by_kind', 'created_by_name'],
    samples: (pod) => {
      const owner = pod.metadata?.ownerReferences?.find((reference) => reference.controller);
      const place = {
        node: pod.spec?.nodeName ?? '',
        pod_ip: pod.status?.podIP ?? '',
        host_ip: pod.status?.hostIP ?? '',
      };
      return one(
        { ...podLabels(pod), ...place, created_by_kind: owner?.kind ?? '', created_by_name: owner?.name ?? '' },
        1,
      );
    },
  },
  {
    name: 'kube_pod_status_phase',
    help: 'The phase of a pod: 1 for the one it is in.',
    labels: [...podNames, 'phase'],
    samples: (pod) =>
      phases.map((phase) => ({ labels: { ...podLabels(pod), phase }, value: flag(pod.status?.phase === phase) })),
  },
  {
    name: 'kube_pod_status_ready',
    help: 'Whether a pod is ready to serve.',
    labels: [...podNames, 'condition'],
    samples: (pod) => {
      const status = pod.status?.conditions?.find((condition) => condition.type === 'Ready')?.status.toLowerCase();
      return ['true', 'false', 'unknown'].map((condition) => ({
        labels: { ...podLabels(pod), condition },
        value: flag(status === condition),
      }));
    },
  },
  ofContainers('kube_pod_container_status_restarts_total', 'Restarts of a container.', (status) => status.restartCount),
  ofContainers('kube_pod_container_status_ready', 'Whether a container passes its readiness probe.', (status) =>
    flag(status.ready),
  ),
  ofContainers('kube_pod_container_status_running', 'Whether a container runs.', (status) =>
    flag(status.state?.running !== undefined),
  ),
  {
    name: 'kube_pod_container_status_waiting_reason',
    help: 'Why a container waits.',
    labels: [...containerNames, 'reason'],
    samples: (pod) =>
      (pod.status?.containerStatuses ?? []).flatMap((status) => {
        const reason = status.state?.waiting?.reason;
        return reason ? [{ labels: { ...podLabels(pod), container: status.name, reason }, value: 1 }] : [];
      }),
  },
  {
    name: 'kube_pod_container_status_last_terminated_reason',
    help: 'Why a container ended the last time.',
    labels: [...containerNames, 'reason'],
    samples: (pod) =>
      (pod.status?.containerStatuses ?? []).flatMap((status) => {
        const reason = status.lastState?.terminated?.reason;
        return reason ? [{ labels: { ...podLabels(pod), container: status.name, reason }, value: 1 }] : [];
      }),
  },
  ofResources('kube_pod_container_resource_requests', 'What a container asks for.', 'requests'),
  ofResources('kube_pod_container_resource_limits', 'What a container may use at most.', 'limits'),
];

type ContainerStatus = NonNullable<NonNullable<V1Pod['status']>['containerStatuses']>[number];

function ofContainers(name: string, help: string, read: (status: ContainerStatus) => number): StateMetric<V1Pod> {
  const samples = (pod: V1Pod) =>
    (pod.status?.containerStatuses ?? []).map((status) => ({
      labels: { ...podLabels(pod), container: status.name },
      value: read(status),
    }));
  return { name, help, labels: containerNames, samples };
}

function ofResources(name: string, help: string, part: 'requests' | 'limits'): StateMetric<V1Pod> {
  const samples = (pod: V1Pod) =>
    (pod.spec?.containers ?? []).flatMap((container: V1Container) =>
      Object.entries(container.resources?.[part] ?? {}).map(([resource, quantity]) => ({
        labels: {
          ...podLabels(pod),
          container: container.name,
          node: pod.spec?.nodeName ?? '',
          resource,
          unit: resource === 'cpu' ? 'core' : 'byte',
        },
        value: amount(quantity),
      })),
    );
  return { name, help, labels: [...containerNames, 'node', 'resource', 'unit'], samples };
}

const deploymentLabels = (object: V1Deployment): Labels => ({
  namespace: object.metadata?.namespace ?? '',
  deployment: object.metadata?.name ?? '',
});
const ofDeployment = (
  name: string,
  help: string,
  value: (object: V1Deployment) => number | undefined,
): StateMetric<V1Deployment> =>
  number(`kube_deployment_${name}`, help, { labels: deploymentLabels, names: ['namespace', 'deployment'], value });

export const deploymentMetrics: ReadonlyArray<StateMetric<V1Deployment>> = [
  ofDeployment('spec_replicas', 'Replicas asked for.', (object) => object.spec?.replicas),
  ofDeployment('status_replicas', 'Replicas that exist.', (object) => object.status?.replicas ?? 0),
  ofDeployment(
    'status_replicas_available',
    'Replicas that are available.',
    (object) => object.status?.availableReplicas ?? 0,
  ),
  ofDeployment('status_replicas_ready', 'Replicas that are ready.', (object) => object.status?.readyReplicas ?? 0),
  ofDeployment(
    'status_replicas_unavailable',
    'Replicas that are not available.',
    (object) => object.status?.unavailableReplicas ?? 0,
  ),
  ofDeployment(
    'status_replicas_updated',
    'Replicas of the newest template.',
    (object) => object.status?.updatedReplicas ?? 0,
  ),
  ofDeployment(
    'status_observed_generation',
    'The generation that the controller has seen.',
    (object) => object.status?.observedGeneration,
  ),
  ofDeployment('metadata_generation', 'The generation of the specification.', (object) => object.metadata?.generation),
  ofDeployment('spec_paused', 'Whether rollouts are paused.', (object) => flag(object.spec?.paused === true)),
];

const replicaSetLabels = (object: V1ReplicaSet): Labels => ({
  namespace: object.metadata?.namespace ?? '',
  replicaset: object.metadata?.name ?? '',
});
const ofReplicaSet = (
  name: string,
  help: string,
  value: (object: V1ReplicaSet) => number | undefined,
): StateMetric<V1ReplicaSet> =>
  number(`kube_replicaset_${name}`, help, { labels: replicaSetLabels, names: ['namespace', 'replicaset'], value });

export const replicaSetMetrics: ReadonlyArray<StateMetric<V1ReplicaSet>> = [
  ofReplicaSet('spec_replicas', 'Replicas asked for.', (object) => object.spec?.replicas),
  ofReplicaSet('status_replicas', 'Replicas that exist.', (object) => object.status?.replicas),
  ofReplicaSet('status_ready_replicas', 'Replicas that are ready.', (object) => object.status?.readyReplicas ?? 0),
];

const autoscalerLabels = (object: V2HorizontalPodAutoscaler): Labels => ({
  namespace: object.metadata?.namespace ?? '',
  horizontalpodautoscaler: object.metadata?.name ?? '',
});
type ReadAutoscaler = (object: V2HorizontalPodAutoscaler) => number | undefined;
const ofAutoscaler = (name: string, help: string, value: ReadAutoscaler): StateMetric<V2HorizontalPodAutoscaler> =>
  number(`kube_horizontalpodautoscaler_${name}`, help, {
    labels: autoscalerLabels,
    names: ['namespace', 'horizontalpodautoscaler'],
    value,
  });

export const autoscalerMetrics: ReadonlyArray<StateMetric<V2HorizontalPodAutoscaler>> = [
  ofAutoscaler('spec_min_replicas', 'The fewest replicas.', (object) => object.spec?.minReplicas),
  ofAutoscaler('spec_max_replicas', 'The most replicas.', (object) => object.spec?.maxReplicas),
  ofAutoscaler('status_current_replicas', 'Replicas now.', (object) => object.status?.currentReplicas),
  ofAutoscaler('status_desired_replicas', 'Replicas wanted now.', (object) => object.status?.desiredReplicas),
];

const nodeName = (node: V1Node): Labels => ({ node: node.metadata?.name ?? '' });

export const nodeMetrics: ReadonlyArray<StateMetric<V1Node>> = [
  {
    name: 'kube_node_info',
    help: 'What a node is made of.',
    labels: ['node', 'kernel_version', 'os_image', 'container_runtime_version', 'kubelet_version', 'internal_ip'],
    samples: (node) => {
      const info = node.status?.nodeInfo;
      const ip = node.status?.addresses?.find((address) => address.type === 'InternalIP')?.address ?? '';
      const versions = {
        container_runtime_version: info?.containerRuntimeVersion ?? '',
        kubelet_version: info?.kubeletVersion ?? '',
      };
      return one(
        {
          ...nodeName(node),
          kernel_version: info?.kernelVersion ?? '',
          os_image: info?.osImage ?? '',
          ...versions,
          internal_ip: ip,
        },
        1,
      );
    },
  },
  {
    name: 'kube_node_status_condition',
    help: 'The conditions of a node.',
    labels: ['node', 'condition', 'status'],
    samples: (node) =>
      (node.status?.conditions ?? []).flatMap((condition) =>
        ['true', 'false', 'unknown'].map((status) => ({
          labels: { ...nodeName(node), condition: condition.type, status },
          value: flag(condition.status.toLowerCase() === status),
        })),
      ),
  },
  number('kube_node_spec_unschedulable', 'Whether a node is cordoned.', {
    labels: nodeName,
    names: ['node'],
    value: (node) => flag(node.spec?.unschedulable === true),
  }),
  ofNodeResources('kube_node_status_capacity', 'What a node has.', 'capacity'),
  ofNodeResources('kube_node_status_allocatable', 'What a node has for pods.', 'allocatable'),
];

function ofNodeResources(name: string, help: string, part: 'capacity' | 'allocatable'): StateMetric<V1Node> {
  const samples = (node: V1Node) =>
    Object.entries(node.status?.[part] ?? {}).map(([resource, quantity]) => ({
      labels: {
        ...nodeName(node),
        resource,
        unit: resource === 'cpu' ? 'core' : resource === 'pods' ? 'integer' : 'byte',
      },
      value: amount(quantity),
    }));
  return { name, help, labels: ['node', 'resource', 'unit'], samples };
}

/** A stored quantity as a number, to a thousandth. */
function amount(quantity: string): number {
  return milliValue(quantity) / 1000;
}
