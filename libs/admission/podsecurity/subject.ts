import type { V1Container, V1ObjectMeta, V1PodSpec, V1SecurityContext } from '../../api/gen/types.ts';

/** A pod, or the template of pods, as the checks see it. */
export interface Subject {
  readonly metadata: V1ObjectMeta;
  readonly spec: V1PodSpec;
}

/** What a check has against a pod: the reason in short, and who is to blame for what. */
export interface Violation {
  readonly reason: string;
  readonly detail: string;
}

export type Check = (subject: Subject) => Violation | undefined;

/** Init containers first, as messages name them. */
export function containersOf({ spec }: Subject): V1Container[] {
  return [...(spec.initContainers ?? []), ...(spec.containers ?? []), ...(spec.ephemeralContainers ?? [])];
}

export function plural(word: string, number: number): string {
  return number === 1 ? word : `${word}s`;
}

export function quoted(texts: readonly string[]): string {
  return texts.map((text) => `"${text}"`).join(', ');
}

/** Each once, in order. */
export function sorted(texts: readonly string[]): string[] {
  return [...new Set(texts)].sort();
}

/** `containers "a", "b"`. */
export function named(containers: readonly Pick<V1Container, 'name'>[]): string {
  return `${plural('container', containers.length)} ${quoted(containers.map(({ name }) => name))}`;
}

type Context = Pick<
  V1SecurityContext,
  'appArmorProfile' | 'runAsNonRoot' | 'runAsUser' | 'seLinuxOptions' | 'seccompProfile' | 'windowsOptions'
>;

/** Who sets something in a security context that is not allowed: the pod, some of its containers, or both. */
export function setters(subject: Subject, isBad: (context: Context) => boolean): string | undefined {
  const { securityContext } = subject.spec;
  const containers = containersOf(subject).filter((one) => one.securityContext && isBad(one.securityContext));
  const blamed = [
    ...(securityContext && isBad(securityContext) ? ['pod'] : []),
    ...(containers.length > 0 ? [named(containers)] : []),
  ];
  return blamed.length > 0 ? blamed.join(' and ') : undefined;
}

/** The values that the pod's and its containers' security contexts have for something. */
export function contextValues(subject: Subject, read: (context: Context) => string | undefined): string[] {
  const contexts = [subject.spec.securityContext, ...containersOf(subject).map((one) => one.securityContext)];
  return contexts.flatMap((context) => (context && read(context)) ?? []);
}

/** With user namespaces of its own a pod's root is nobody outside. */
export function hasOwnUsers({ spec }: Subject): boolean {
  return spec.hostUsers === false;
}

export function isWindows({ spec }: Subject): boolean {
  return spec.os?.name === 'windows';
}
