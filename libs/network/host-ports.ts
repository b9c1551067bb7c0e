import type { V1Container, V1Pod } from '../api/gen/types.ts';
import type { HostPort } from './nft-rules.ts';

/** The host ports of running pods that have a network of their own, in a stable order. */
export function computeHostPorts(pods: Iterable<V1Pod>): HostPort[] {
  const found: HostPort[] = [];
  for (const pod of pods) {
    const podIp = pod.status?.podIP;
    const over = pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';
    if (!podIp || over || pod.spec?.hostNetwork) continue;
    for (const container of [...(pod.spec?.initContainers ?? []).filter(isSidecar), ...(pod.spec?.containers ?? [])]) {
      for (const port of container.ports ?? []) {
        if (!port.hostPort) continue;
        const protocol = port.protocol === 'UDP' ? 'udp' : port.protocol === 'SCTP' ? 'sctp' : 'tcp';
        found.push({
          protocol,
          hostPort: port.hostPort,
          hostIp: port.hostIP || undefined,
          podIp,
          containerPort: port.containerPort,
        });
      }
    }
  }
  return found.sort((a, b) => a.hostPort - b.hostPort || (a.podIp < b.podIp ? -1 : 1));
}

function isSidecar(container: V1Container): boolean {
  return container.restartPolicy === 'Always';
}
