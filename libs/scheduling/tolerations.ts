import type { V1Taint, V1Toleration } from '../api/gen/types.ts';

/** Whether a toleration covers a taint. Source: Kubernetes documentation, "Taints and Tolerations". */
export function tolerates(toleration: V1Toleration, taint: V1Taint): boolean {
  if (toleration.effect && toleration.effect !== taint.effect) return false;
  if (toleration.key && toleration.key !== taint.key) return false;
  if (toleration.operator === 'Exists') return true;
  if (!toleration.key) return false;
  const [stated, actual] = [Number(toleration.value), Number(taint.value)];
  if (toleration.operator === 'Gt') return actual > stated;
  if (toleration.operator === 'Lt') return actual < stated;
  return (toleration.value ?? '') === (taint.value ?? '');
}

/** The first taint with one of the effects that none of the tolerations covers. */
export function untolerated(
  taints: readonly V1Taint[],
  tolerations: readonly V1Toleration[],
  effects: readonly string[],
): V1Taint | undefined {
  return taints.find(
    (taint) => effects.includes(taint.effect) && !tolerations.some((toleration) => tolerates(toleration, taint)),
  );
}

export const repellingEffects = ['NoSchedule', 'NoExecute'];
