import type { V1Container, V1EphemeralContainer } from '../../gen/types.ts';
import { sameValue } from '../equality.ts';
import type { Rule } from '../rule.ts';
import { commonContainer } from './container.ts';
import type { PodContext } from './context.ts';

/** What a container that is added to a running pod cannot have. */
const NOT_FOR_EPHEMERAL = ['ports', 'resources', 'resizePolicy', 'restartPolicy', 'restartPolicyRules'] as const;
const NOT_FOR_EPHEMERAL_EITHER = ['livenessProbe', 'readinessProbe', 'startupProbe', 'lifecycle'] as const;

export const ephemeralContainers: Rule<readonly V1EphemeralContainer[], PodContext> = (list, at, context) => {
  const { spec } = context;
  const others = new Set([...(spec.containers ?? []), ...(spec.initContainers ?? [])].map((c) => c.name));
  const names = new Set(others);
  list.forEach((container, i) => {
    at.enter(i);
    commonContainer(container as V1Container, at, context);
    if (container.image && container.image.trim() !== container.image) at.invalid('must not be padded', 'image');
    if (names.has(container.name)) at.duplicate(container.name, 'name');
    names.add(container.name);
    const target = container.targetContainerName;
    if (target && !others.has(target)) at.notFound(target, 'targetContainerName');
    for (const name of [...NOT_FOR_EPHEMERAL, ...NOT_FOR_EPHEMERAL_EITHER]) {
      const value = container[name];
      if (!sameValue(value, undefined) && !sameValue(value, {})) at.forbidden('not for ephemeral containers', name);
    }
    container.volumeMounts?.forEach((mount, j) => {
      for (const name of ['subPath', 'subPathExpr'] as const) {
        if (mount[name]) at.forbidden('not for ephemeral containers', 'volumeMounts', j, name);
      }
    });
    at.leave();
  });
};
