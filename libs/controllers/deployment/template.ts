import type { V1PodTemplateSpec } from '../../api/gen/types.ts';
import { seedOf } from '../../base/random.ts';
import { canonical } from '../../reconcile/same.ts';

export const podTemplateHashLabel = 'pod-template-hash';

/** Letters without vowels and look-alikes, so that a hash is never a word. */
const hashLetters = 'bcdfghjklmnpqrstvwxz2456789';

function withoutHash(labels: Record<string, string> | undefined): Record<string, string> {
  const { [podTemplateHashLabel]: _hash, ...rest } = labels ?? {};
  return rest;
}

function identityOf(template: V1PodTemplateSpec | undefined): string {
  const metadata = { ...template?.metadata, labels: withoutHash(template?.metadata?.labels) };
  return canonical({ ...template, metadata });
}

/** Whether two templates make the same pods; the hash label that a ReplicaSet adds does not count. */
export function sameTemplate(one: V1PodTemplateSpec | undefined, other: V1PodTemplateSpec | undefined): boolean {
  return identityOf(one) === identityOf(other);
}

/** The suffix that names the ReplicaSet of a template; `collisionCount` gives another one when a name is taken. */
export function templateHash(template: V1PodTemplateSpec | undefined, collisionCount: number | undefined): string {
  const digits = String(seedOf(`${identityOf(template)}${collisionCount ?? ''}`));
  return [...digits].map((digit) => hashLetters[(digit.charCodeAt(0) * 7) % hashLetters.length]).join('');
}
