import type { V1Container, V1Node, V1Pod } from '../api/gen/types.ts';

/** One group of scrape targets in the form of Prometheus's http_sd_configs. */
export interface TargetGroup {
  targets: string[];
  labels: Record<string, string>;
}

/** The port under which Prometheus addresses a node's agent; the API server's node proxy takes the place of it. */
const agentPort = 10_250;

/**
 * The targets of a role with the labels that kubernetes_sd_configs gives them, for a Prometheus that is built without it.
 * Source: Prometheus documentation, "kubernetes_sd_config".
 */
export function podTargets(pods: Iterable<V1Pod>): TargetGroup[] {
  const groups: TargetGroup[] = [];
  for (const pod of pods) {
    const ip = pod.status?.podIP;
    if (!ip) continue;
    const containers = pod.spec?.containers ?? [];
    groups.push(...containers.flatMap((container) => containerTargets(pod, container, ip)));
  }
  return groups;
}

function containerTargets(pod: V1Pod, container: V1Container, ip: string): TargetGroup[] {
  const own = { ...podLabels(pod), __meta_kubernetes_pod_container_name: container.name };
  const ports = container.ports ?? [];
  if (ports.length === 0) return [{ targets: [ip], labels: own }];
  return ports.map((port) => ({
    targets: [`${ip}:${port.containerPort}`],
    labels: {
      ...own,
      __meta_kubernetes_pod_container_port_name: port.name ?? '',
      __meta_kubernetes_pod_container_port_number: String(port.containerPort),
      __meta_kubernetes_pod_container_port_protocol: port.protocol ?? 'TCP',
    },
  }));
}

function podLabels(pod: V1Pod): Record<string, string> {
  const ready = pod.status?.conditions?.find((condition) => condition.type === 'Ready')?.status ?? 'Unknown';
  return {
    __meta_kubernetes_namespace: pod.metadata?.namespace ?? '',
    __meta_kubernetes_pod_name: pod.metadata?.name ?? '',
    __meta_kubernetes_pod_ip: pod.status?.podIP ?? '',
    __meta_kubernetes_pod_node_name: pod.spec?.nodeName ?? '',
    __meta_kubernetes_pod_phase: pod.status?.phase ?? '',
    __meta_kubernetes_pod_ready: ready.toLowerCase(),
    ...keyed('__meta_kubernetes_pod_label', pod.metadata?.labels),
    ...keyed('__meta_kubernetes_pod_annotation', pod.metadata?.annotations),
  };
}

export function nodeTargets(nodes: Iterable<V1Node>): TargetGroup[] {
  return [...nodes].flatMap((node) => {
    const address = node.status?.addresses?.find((each) => each.type === 'InternalIP')?.address;
    if (!address) return [];
    const labels = { __meta_kubernetes_node_name: node.metadata?.name ?? '', instance: node.metadata?.name ?? '' };
    return [
      {
        targets: [`${address}:${agentPort}`],
        labels: { ...labels, ...keyed('__meta_kubernetes_node_label', node.metadata?.labels) },
      },
    ];
  });
}

/** `app.kubernetes.io/name: web` as `<prefix>_app_kubernetes_io_name`, and `<prefix>present_...` that it is there. */
function keyed(prefix: string, values: Record<string, string> | undefined): Record<string, string> {
  const entries = Object.entries(values ?? {}).flatMap(([key, value]) => {
    const name = key.replace(/[^a-zA-Z0-9_]/g, '_');
    return [
      [`${prefix}_${name}`, value],
      [`${prefix}present_${name}`, 'true'],
    ];
  });
  return Object.fromEntries(entries);
}
