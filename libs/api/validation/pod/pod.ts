import type { FieldError } from '../../definition.ts';
import type { V1Container, V1NodeSelectorTerm, V1Pod, V1PodSpec, V1Toleration } from '../../gen/types.ts';
import { sameValue } from '../equality.ts';
import { hasInvalidLabelValue } from '../labels.ts';
import { metadataUpdate, namespacedMetadata } from '../metadata.ts';
import { hasInvalidNodeValues } from '../node-selector.ts';
import { Report } from '../report.ts';
import { tolerations } from '../tolerations.ts';
import { annotationsMatchFields, fixedAnnotations, podAnnotations } from './annotations.ts';
import { type PodSpecOptions, validatePodSpec } from './spec.ts';

const INT32_MAX = 2 ** 31 - 1;

const strict: PodSpecOptions = { isPod: true, looseSelectors: false, looseNodeValues: false };

/** What a stored pod already breaks it may go on breaking. */
function toleratedFrom(previous: V1Pod | undefined): PodSpecOptions {
  const affinity = previous?.spec?.affinity;
  if (!affinity) return strict;
  const terms = [affinity.podAffinity, affinity.podAntiAffinity].flatMap((a) => [
    ...(a?.requiredDuringSchedulingIgnoredDuringExecution ?? []),
    ...(a?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map((w) => w.podAffinityTerm),
  ]);
  return {
    isPod: true,
    looseSelectors: terms.some(
      (t) => hasInvalidLabelValue(t.labelSelector) || hasInvalidLabelValue(t.namespaceSelector),
    ),
    looseNodeValues: hasInvalidNodeValues(affinity.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution),
  };
}

/**
 * Whether the specification is the stored one itself, and not one like it. It was held to the same rules when it was
 * stored, with the same name, so they have nothing to say of it; what it may break of them is what it broke then.
 */
function staysAsStored(pod: V1Pod, previous: V1Pod | undefined): boolean {
  return previous?.spec !== undefined && pod.spec === previous.spec;
}

export function metadataAndSpec(pod: V1Pod, previous: V1Pod | undefined, at: Report): void {
  const spec = pod.spec ?? ({} as V1PodSpec);
  at.enter('metadata');
  namespacedMetadata(pod.metadata!, at, undefined);
  at.enter('annotations');
  if (pod.metadata?.annotations) podAnnotations(pod.metadata.annotations, spec, at);
  at.leave();
  at.leave();
  if (staysAsStored(pod, previous)) return;
  at.enter('spec');
  validatePodSpec(spec, pod.metadata, at, toleratedFrom(previous));
  tokensNeedAccount(spec, at);
  for (const list of ['containers', 'initContainers'] as const) {
    spec[list]?.forEach((container, i) => {
      if (container.image && container.image.trim() !== container.image) {
        at.invalid('must not be padded with spaces', list, i, 'image');
      }
    });
  }
  at.leave();
}

function tokensNeedAccount(spec: V1PodSpec, at: Report): void {
  if (spec.serviceAccountName) return;
  spec.volumes?.forEach((volume, i) => {
    volume.projected?.sources?.forEach((source, j) => {
      if (source.serviceAccountToken) {
        at.forbidden('needs a service account', 'volumes', i, 'projected', 'sources', j, 'serviceAccountToken');
      }
    });
  });
}

export function validatePod(pod: V1Pod): FieldError[] {
  const at = new Report();
  metadataAndSpec(pod, undefined, at);
  at.enter('spec');
  if (pod.spec?.ephemeralContainers?.length) at.forbidden('is only set on running pods', 'ephemeralContainers');
  if (pod.spec?.nodeName && pod.spec.schedulingGates?.length) at.forbidden('is set after the gates', 'nodeName');
  annotationsMatchFields(pod, at);
  at.leave();
  return at.errors;
}

/** Images may change, but not the containers. Says whether it makes sense to go on. */
function containerUpdates(now: readonly V1Container[], before: readonly V1Container[], at: Report): boolean {
  if (now.length !== before.length) {
    at.forbidden('containers are neither added nor removed');
    return false;
  }
  now.forEach(({ image = '' }, i) => {
    if (image === '') at.required('', i, 'image');
    if (image.trim() !== image) at.invalid('must not be padded with spaces', i, 'image');
  });
  return true;
}

/** Whether the rest of an update is worth looking at. */
function activeDeadline(now: number | undefined, before: number | undefined, at: Report): boolean {
  const complaints = at.count;
  if (now === undefined) {
    if (before !== undefined) at.invalid('cannot be taken back', 'activeDeadlineSeconds');
    return true;
  }
  if (now < 0 || now > INT32_MAX) at.invalid('must be between 0 and 2147483647', 'activeDeadlineSeconds');
  else if (before !== undefined && before < now) at.invalid('can only become shorter', 'activeDeadlineSeconds');
  return at.count === complaints;
}

/** Tolerations are only added; of those that stand, the time may change. */
function tolerationUpdates(now: readonly V1Toleration[], before: readonly V1Toleration[], at: Report): void {
  at.enter('tolerations');
  const kept = before.every((old) => now.some((t) => sameValue({ ...old, tolerationSeconds: t.tolerationSeconds }, t)));
  if (!kept) at.forbidden('only tolerationSeconds of a toleration may change');
  else tolerations(now, at, undefined);
  at.leave();
}

function gateUpdates(spec: V1PodSpec, before: V1PodSpec, at: Report): void {
  spec.schedulingGates?.forEach((gate, i) => {
    const known = before.schedulingGates?.some((old) => old.name === gate.name);
    if (!known) at.forbidden('gates are only taken away', 'schedulingGates', i, 'name');
  });
}

/** Before a gated pod is scheduled, where it may go can be narrowed. Answers with the specification minus these changes. */
function narrowings(spec: V1PodSpec, before: V1PodSpec, at: Report): V1PodSpec {
  const rest: V1PodSpec = { ...spec };
  if (!sameValue(spec.nodeSelector, before.nodeSelector)) {
    const kept = Object.entries(before.nodeSelector ?? {}).every(([key, value]) => spec.nodeSelector?.[key] === value);
    if (!kept) at.invalid('can only be added to', 'nodeSelector');
    rest.nodeSelector = before.nodeSelector;
  }
  const [affinity, old] = [spec.affinity?.nodeAffinity, before.affinity?.nodeAffinity];
  if (sameValue(affinity, old)) return rest;
  narrowedTerms(
    affinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [],
    old?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [],
    at,
  );
  const others = { ...spec.affinity };
  delete others.nodeAffinity;
  if (old) others.nodeAffinity = old;
  rest.affinity = Object.keys(others).length > 0 || before.affinity ? others : undefined;
  return rest;
}

const TERMS = ['affinity', 'nodeAffinity', 'requiredDuringSchedulingIgnoredDuringExecution', 'nodeSelectorTerms'];

function narrowedTerms(now: readonly V1NodeSelectorTerm[], before: readonly V1NodeSelectorTerm[], at: Report) {
  if (before.length === 0) return;
  if (now.length !== before.length) return at.invalid('terms are neither added nor removed', ...TERMS);
  before.forEach((old, i) => {
    const term = now[i]!;
    const wasEmpty = !old.matchExpressions?.length && !old.matchFields?.length;
    const kept = wasEmpty
      ? !term.matchExpressions?.length && !term.matchFields?.length
      : startsWith(term.matchExpressions, old.matchExpressions) && startsWith(term.matchFields, old.matchFields);
    if (!kept) at.invalid('conditions can only be added', ...TERMS, i);
  });
}

function startsWith(list: readonly unknown[] = [], start: readonly unknown[] = []): boolean {
  return list.length >= start.length && start.every((item, i) => sameValue(item, list[i]));
}

function withImagesOf(
  containers: V1Container[] | undefined,
  before: V1Container[] | undefined,
): V1Container[] | undefined {
  return containers?.map((container, i) => ({ ...container, image: before?.[i]?.image }));
}

/** Refuses changes of everything that a pod keeps for its life. */
function otherFields(spec: V1PodSpec, before: V1PodSpec, at: Report): void {
  if (sameValue(spec, before)) return;
  const gated = !!before.schedulingGates?.length;
  const rest: V1PodSpec = {
    ...(gated ? narrowings(spec, before, at) : spec),
    containers: withImagesOf(spec.containers, before.containers)!,
    initContainers: withImagesOf(spec.initContainers, before.initContainers),
    activeDeadlineSeconds: before.activeDeadlineSeconds,
    schedulingGates: before.schedulingGates,
    tolerations: before.tolerations,
  };
  if ((before.terminationGracePeriodSeconds ?? 0) < 0 && rest.terminationGracePeriodSeconds === 1) {
    rest.terminationGracePeriodSeconds = before.terminationGracePeriodSeconds;
  }
  if (!sameValue(rest, before)) at.forbidden('only images, deadlines, tolerations and gates of a pod may change');
}

export function validatePodUpdate(pod: V1Pod, previous: V1Pod): FieldError[] {
  const at = new Report();
  const spec = pod.spec!;
  const before = previous.spec!;
  metadataUpdate(pod, previous, at);
  metadataAndSpec(pod, previous, at);
  annotationUpdates(pod, previous, at);
  if (staysAsStored(pod, previous)) return at.errors;
  at.enter('spec');
  for (const list of ['containers', 'initContainers'] as const) {
    at.enter(list);
    const goOn = containerUpdates(spec[list] ?? [], before[list] ?? [], at);
    at.leave();
    if (!goOn) return at.errors;
  }
  if (!activeDeadline(spec.activeDeadlineSeconds, before.activeDeadlineSeconds, at)) return at.errors;
  tolerationUpdates(spec.tolerations ?? [], before.tolerations ?? [], at);
  gateUpdates(spec, before, at);
  otherFields(spec, before, at);
  at.leave();
  return at.errors;
}

/** Also checks the annotations again, as for a new pod. */
export function annotationUpdates(pod: V1Pod, previous: V1Pod, at: Report): void {
  at.enter('metadata');
  at.enter('annotations');
  fixedAnnotations(pod, previous, at);
  if (pod.metadata?.annotations) podAnnotations(pod.metadata.annotations, pod.spec!, at);
  at.leave();
  at.leave();
}

/** Whether the pod is only shown here: a node runs it from a file of its own. */
export function isStatic(pod: V1Pod): boolean {
  return pod.metadata?.annotations?.['kubernetes.io/config.mirror'] !== undefined;
}

/** Containers can be added to a running pod; those that were added stay as they are. */
export function validateEphemeralContainersUpdate(pod: V1Pod, previous: V1Pod): FieldError[] {
  const at = new Report();
  if (isStatic(previous)) {
    at.forbidden('static pods take no ephemeral containers');
    return at.errors;
  }
  metadataUpdate(pod, previous, at);
  metadataAndSpec(pod, previous, at);
  annotationUpdates(pod, previous, at);
  for (const old of previous.spec?.ephemeralContainers ?? []) {
    const now = pod.spec?.ephemeralContainers?.find((container) => container.name === old.name);
    if (!now) at.forbidden(`${old.name} cannot be removed`, 'spec', 'ephemeralContainers');
    else if (!sameValue(now, old)) at.forbidden(`${old.name} cannot be changed`, 'spec', 'ephemeralContainers');
  }
  return at.errors;
}
