import type { V1Deployment, V1DeploymentSpec, V1PodTemplateSpec } from '../../libs/api/gen/types.ts';

/** A template of one container, labelled `app: <app>`; another `image` makes another template. */
export function makeTemplate(app: string, image = 'busybox:1'): V1PodTemplateSpec {
  return { metadata: { labels: { app } }, spec: { containers: [{ name: 'main', image }] } };
}

/** A Deployment as the API server stores it, with the defaults that matter to controllers. */
export function makeDeployment(name: string, spec: Partial<V1DeploymentSpec> = {}): V1Deployment {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: {
      name,
      namespace: 'default',
      uid: `uid-${name}`,
      generation: 1,
      creationTimestamp: '2026-01-01T00:00:00Z',
    },
    spec: {
      replicas: 3,
      selector: { matchLabels: { app: name } },
      template: makeTemplate(name),
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%', maxUnavailable: '25%' } },
      revisionHistoryLimit: 10,
      progressDeadlineSeconds: 600,
      ...spec,
    },
  };
}
