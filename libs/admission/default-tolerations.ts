import type { V1Pod, V1Toleration } from '../api/gen/types.ts';
import type { AdmissionPlugin } from './chain.ts';

/** How long pods stay on a node that has gone silent, unless they say otherwise. */
export const evictionTolerationSecondsDefault = 300;

const lostNodeTaints = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable'];

/** Gives pods their patience with nodes that are lost. */
export function defaultTolerations(tolerationSeconds = evictionTolerationSecondsDefault): AdmissionPlugin {
  return {
    name: 'DefaultTolerationSeconds',
    resources: ['/pods'],
    admit({ operation, object, subresource }) {
      if (subresource !== undefined || operation === 'delete') return;
      const pod = object as V1Pod;
      const { spec } = pod;
      if (!spec) return;
      const given = spec.tolerations ?? [];
      const missing = lostNodeTaints.filter((taint) => !given.some((one) => tolerates(one, taint)));
      if (missing.length === 0) return;
      const added = missing.map((key) => ({ key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds }));
      const tolerations = [...given, ...added];
      // The draft of an update may share its specification with the object before; a new pod is nobody else's.
      if (operation === 'create') spec.tolerations = tolerations;
      else pod.spec = { ...spec, tolerations };
    },
  };
}

function tolerates({ key, effect }: V1Toleration, taint: string): boolean {
  return (!key || key === taint) && (!effect || effect === 'NoExecute');
}
