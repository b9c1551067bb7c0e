import type { V1Pod, V1Service } from '../api/gen/types.ts';
import { pods } from '../api/kinds/pod.ts';
import { services } from '../api/kinds/service.ts';
import { nameOf, objectKey } from '../api/meta.ts';
import type { ControllerContext } from './controller.ts';
import { backendFingerprint } from './endpoints.ts';
import { mapMatches } from './ownership.ts';

/** Calls `changed` with the key of each service that a change of a service or a pod may concern. */
export function watchServicePods({ informers }: ControllerContext, changed: (key: string) => void): void {
  const serviceCache = informers.of(services);
  const keyOf = (service: V1Service) => objectKey(nameOf(service));
  serviceCache.addHandler({
    added: (service) => changed(keyOf(service)),
    updated: (service) => changed(keyOf(service)),
    deleted: (service) => changed(keyOf(service)),
  });
  const touch = (pod: V1Pod) => {
    for (const service of serviceCache.list(pod.metadata?.namespace)) {
      if (mapMatches(service.spec?.selector, pod.metadata?.labels)) changed(keyOf(service));
    }
  };
  informers.of(pods).addHandler({
    added: touch,
    updated: (pod, previous) => {
      // Most changes are of pods that no service is near to; to compare their states costs more than to see that.
      if (serviceCache.count(pod.metadata?.namespace) === 0) return;
      if (backendFingerprint(pod) === backendFingerprint(previous)) return;
      touch(pod);
      if (JSON.stringify(pod.metadata?.labels) !== JSON.stringify(previous.metadata?.labels)) touch(previous);
    },
    deleted: touch,
  });
}

/** The pods that the service selects. */
export function podsOf({ informers }: ControllerContext, service: V1Service): V1Pod[] {
  const inNamespace = informers.of(pods).list(service.metadata?.namespace);
  return inNamespace.filter((pod) => mapMatches(service.spec?.selector, pod.metadata?.labels));
}
