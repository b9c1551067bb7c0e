import type { V1Container, V1EnvVar, V1Job, V1Pod } from '../../api/gen/types.ts';
import { jobs } from '../../api/kinds/job.ts';
import { controllerReference } from '../../reconcile/ownership.ts';
import { failuresAnnotation, ignoredAnnotation, indexAnnotation } from './indexes.ts';
import type { NewPod } from './next-pods.ts';
import { trackingFinalizer } from './tracking.ts';

/** Names are cut so that index and suffix fit. */
const nameBaseLettersMax = 58;

const indexVariable: V1EnvVar = {
  name: 'JOB_COMPLETION_INDEX',
  valueFrom: { fieldRef: { fieldPath: `metadata.labels['${indexAnnotation}']` } },
};

/** A pod of the job as it is to be created. */
export function podOf(job: V1Job, wanted: NewPod): V1Pod {
  const { metadata, spec = { containers: [] } } = job.spec?.template ?? {};
  const pod: V1Pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      generateName: `${job.metadata?.name}-`,
      namespace: job.metadata?.namespace,
      labels: { ...metadata?.labels },
      ...(metadata?.annotations ? { annotations: { ...metadata.annotations } } : {}),
      finalizers: [...new Set([...(metadata?.finalizers ?? []), trackingFinalizer])],
      ownerReferences: [controllerReference(jobs, job)],
    },
    spec,
  };
  return wanted.index === undefined ? pod : withIndex(pod, job, { ...wanted, index: wanted.index });
}

function withIndex({ metadata, spec, ...rest }: V1Pod, job: V1Job, wanted: NewPod & { index: number }): V1Pod {
  const name = job.metadata?.name ?? '';
  const ending = `-${wanted.index}-`;
  const { failures } = wanted;
  const annotations: Record<string, string> = { ...metadata?.annotations, [indexAnnotation]: String(wanted.index) };
  if (failures) annotations[failuresAnnotation] = String(failures.counted);
  if (failures && failures.ignored > 0) annotations[ignoredAnnotation] = String(failures.ignored);
  return {
    ...rest,
    metadata: {
      ...metadata,
      generateName: name.slice(0, nameBaseLettersMax - ending.length) + ending,
      labels: { ...metadata?.labels, [indexAnnotation]: String(wanted.index) },
      annotations,
    },
    spec: {
      ...spec,
      hostname: `${name}-${wanted.index}`,
      containers: (spec?.containers ?? []).map(knowingIndex),
      ...(spec?.initContainers ? { initContainers: spec.initContainers.map(knowingIndex) } : {}),
    },
  };
}

function knowingIndex(container: V1Container): V1Container {
  const { env = [] } = container;
  return env.some(({ name }) => name === indexVariable.name)
    ? container
    : { ...container, env: [...env, indexVariable] };
}
