/** How the runtime's objects say whose they are; the names that crictl and other tools know. */
export const labelNames = {
  podName: 'io.kubernetes.pod.name',
  podNamespace: 'io.kubernetes.pod.namespace',
  podUid: 'io.kubernetes.pod.uid',
  container: 'io.kubernetes.container.name',
} as const;

export const annotationNames = {
  hash: 'io.kubernetes.container.hash',
  restartCount: 'io.kubernetes.container.restartCount',
  terminationPath: 'io.kubernetes.container.terminationMessagePath',
  terminationPolicy: 'io.kubernetes.container.terminationMessagePolicy',
  gracePeriod: 'io.kubernetes.pod.terminationGracePeriod',
} as const;

/** Whose a sandbox or container is. */
export interface PodIdentity {
  namespace: string;
  name: string;
  uid: string;
}

export function identityOf(labels: Readonly<Record<string, string>>): PodIdentity | undefined {
  const uid = labels[labelNames.podUid];
  if (!uid) return undefined;
  return { uid, namespace: labels[labelNames.podNamespace] ?? '', name: labels[labelNames.podName] ?? '' };
}
