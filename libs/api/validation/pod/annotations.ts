import type { V1Pod, V1PodSpec, V1SeccompProfile } from '../../gen/types.ts';
import { descendingPath } from '../paths.ts';
import { keyed, type Report } from '../report.ts';
import { below } from '../rule.ts';

const MIRROR = 'kubernetes.io/config.mirror';
const DELETION_COST = 'controller.kubernetes.io/pod-deletion-cost';
const SECCOMP_POD = 'seccomp.security.alpha.kubernetes.io/pod';
const SECCOMP_CONTAINER = 'container.seccomp.security.alpha.kubernetes.io/';
const APPARMOR = 'container.apparmor.security.beta.kubernetes.io/';
const INT32_MAX = 2 ** 31 - 1;

type StringMap = Readonly<Record<string, string>>;

/** Annotations of pods that mean something to the API. Stands at `annotations`. */
export function podAnnotations(annotations: StringMap, spec: V1PodSpec, at: Report): void {
  if (MIRROR in annotations && !spec.nodeName) at.invalid('a mirror pod needs spec.nodeName', keyed(MIRROR));
  const cost = annotations[DELETION_COST];
  if (cost !== undefined && !isInt32(cost)) at.invalid('must be a 32 bit integer', keyed(DELETION_COST));
  for (const key in annotations) {
    if (key === SECCOMP_POD || key.startsWith(SECCOMP_CONTAINER)) seccompAnnotation(key, annotations[key]!, at);
    if (key.startsWith(APPARMOR)) appArmorAnnotation(key, annotations[key]!, spec, at);
  }
}

function isInt32(text: string): boolean {
  return /^-?(0|[1-9]\d*)$/.test(text) && Number(text) >= -INT32_MAX - 1 && Number(text) <= INT32_MAX;
}

function seccompAnnotation(key: string, profile: string, at: Report): void {
  if (['runtime/default', 'docker/default', 'unconfined'].includes(profile)) return;
  if (!profile.startsWith('localhost/')) at.invalid('is no seccomp profile', key);
  else below(at, key, profile.slice('localhost/'.length), descendingPath, undefined);
}

function appArmorAnnotation(key: string, profile: string, spec: V1PodSpec, at: Report): void {
  const name = key.slice(APPARMOR.length);
  const all = [...(spec.initContainers ?? []), ...(spec.containers ?? []), ...(spec.ephemeralContainers ?? [])];
  if (!all.some((container) => container.name === name)) at.invalid('there is no such container', keyed(key));
  if (!['', 'runtime/default', 'unconfined'].includes(profile) && !profile.startsWith('localhost/')) {
    at.invalid('is no AppArmor profile', keyed(key));
  }
}

/** Annotations that stay as the pod was created with them. */
export function fixedAnnotations(pod: V1Pod, previous: V1Pod, at: Report): void {
  const now: StringMap = pod.metadata?.annotations ?? {};
  const before: StringMap = previous.metadata?.annotations ?? {};
  for (const key of new Set([...Object.keys(before), ...Object.keys(now)])) {
    if (now[key] === before[key]) continue;
    if (key === MIRROR || key.startsWith(APPARMOR)) at.forbidden('stays as it was', keyed(key));
  }
}

/** What the seccomp annotation must say where the field says something. */
const SECCOMP_WORDS: Readonly<Record<string, readonly string[]>> = {
  Unconfined: ['unconfined'],
  RuntimeDefault: ['runtime/default', 'docker/default'],
};

/** Fields and the annotations they replaced must say the same. Stands at `spec`. */
export function annotationsMatchFields(pod: Pick<V1Pod, 'metadata' | 'spec'>, at: Report): void {
  const annotations: StringMap | undefined = pod.metadata?.annotations;
  const spec = pod.spec;
  if (!annotations || !spec) return;
  seccompMatches(annotations[SECCOMP_POD], spec.securityContext?.seccompProfile, at, []);
  for (const list of ['initContainers', 'containers'] as const) {
    spec[list]?.forEach((container, i) => {
      const profile = container.securityContext?.seccompProfile;
      if (!profile) return;
      seccompMatches(annotations[SECCOMP_CONTAINER + container.name], profile, at, [list, i]);
    });
  }
}

type Steps = Array<string | number>;

function seccompMatches(
  word: string | undefined,
  profile: V1SeccompProfile | undefined,
  at: Report,
  steps: Steps,
): void {
  if (word === undefined || !profile) return;
  const place = [...steps, 'securityContext', 'seccompProfile'];
  if (profile.type === 'Localhost') {
    if (!word.startsWith('localhost/')) at.forbidden('differs from the annotation', ...place, 'type');
    else if (word.slice('localhost/'.length) !== profile.localhostProfile) {
      at.forbidden('differs from the annotation', ...place, 'localhostProfile');
    }
  } else if (SECCOMP_WORDS[profile.type]?.includes(word) === false) {
    at.forbidden('differs from the annotation', ...place, 'type');
  }
}
