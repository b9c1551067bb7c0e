import type { FieldError } from '../../definition.ts';
import type { V1Container, V1Pod, V1PodSpec, V1ResourceRequirements } from '../../gen/types.ts';
import { qualityOfService } from '../../kinds/pod/quality.ts';
import { sameValue } from '../equality.ts';
import { metadataUpdate } from '../metadata.ts';
import { Report } from '../report.ts';
import { WINDOWS } from './context.ts';
import { isStatic, metadataAndSpec } from './pod.ts';

const LISTS = ['initContainers', 'containers'] as const;
const AMOUNTS = ['requests', 'limits'] as const;

/** What clients look for in refusals. */
const WORDS = {
  quality: 'Pod QOS Class may not change as a result of resizing',
  order: 'containers may not be renamed or reordered on resize',
  fixed: 'only cpu and memory resources are mutable',
} as const;

/** What of a container's resources can change while the pod runs. */
const RESIZABLE = new Set(['cpu', 'memory']);

/**
 * CPU and memory of containers, and of the pod as a whole, can change while the pod runs; nothing else of it does. What
 * has been asked for cannot be unasked, and the pod keeps its quality of service.
 */
export function validatePodResize(pod: V1Pod, previous: V1Pod): FieldError[] {
  const at = new Report();
  metadataUpdate(pod, previous, at);
  metadataAndSpec(pod, previous, at);
  const spec = pod.spec!;
  const before = previous.spec!;
  const never = neverResized(previous);
  if (never) {
    const alone = new Report();
    alone.forbidden(never);
    return alone.errors;
  }
  at.enter('spec');
  changesAsWhole(pod, previous, at);
  wholePodResources(spec, before, at);
  if (sameContainers(spec, before, at)) {
    for (const list of LISTS) notTakenBack(spec, before, list, at);
    otherFields(spec, before, at);
  }
  at.leave();
  return at.errors;
}

function neverResized(previous: V1Pod): string | undefined {
  if (isStatic(previous)) return 'static pods cannot be resized';
  return previous.spec?.os?.name === WINDOWS ? 'windows pods cannot be resized' : undefined;
}

function changesAsWhole(pod: V1Pod, previous: V1Pod, at: Report): void {
  const quality = previous.status?.qosClass || qualityOfService(previous.spec!);
  if (quality !== qualityOfService(pod.spec!)) at.invalid(WORDS.quality);
  const running = previous.status?.containerStatuses?.find(({ state }) => state?.running);
  if (running && !running.resources) at.forbidden('the node of the pod does not say what its containers have');
}

/** Resources of the whole pod: cannot be taken back either, and only CPU and memory change. */
function wholePodResources(spec: V1PodSpec, before: V1PodSpec, at: Report): void {
  if (!asksForAnything(spec.resources) && !asksForAnything(before.resources)) return;
  if (before.resources && !spec.resources) {
    at.forbidden('cannot be removed', 'resources');
    return;
  }
  at.enter('resources');
  removals(spec.resources, before.resources, at);
  at.leave();
  if (!sameValue(fixedPart(spec.resources), fixedPart(before.resources))) at.forbidden(WORDS.fixed);
}

function asksForAnything(resources: V1ResourceRequirements | undefined): boolean {
  return AMOUNTS.some((kind) => Object.keys(resources?.[kind] ?? {}).length > 0);
}

/** Says whether the containers are the same ones in the same order; nothing else can be compared when they are not. */
function sameContainers(spec: V1PodSpec, before: V1PodSpec, at: Report): boolean {
  const count = at.count;
  for (const list of ['containers', 'initContainers'] as const) {
    const [now, old] = [spec[list] ?? [], before[list] ?? []];
    if (now.length !== old.length) at.forbidden('containers are neither added nor removed', list);
    else {
      now.forEach(({ name }, i) => {
        if (name !== old[i]?.name) at.forbidden(WORDS.order, list, i, 'name');
      });
    }
  }
  return at.count === count;
}

function notTakenBack(spec: V1PodSpec, before: V1PodSpec, list: (typeof LISTS)[number], at: Report): void {
  at.enter(list);
  before[list]?.forEach(({ resources }, i) => {
    at.enter(i);
    at.enter('resources');
    removals(spec[list]?.[i]?.resources, resources, at);
    at.leave();
    at.leave();
  });
  at.leave();
}

function removals(
  now: V1ResourceRequirements | undefined,
  before: V1ResourceRequirements | undefined,
  at: Report,
): void {
  for (const kind of AMOUNTS) {
    const removed = Object.keys(before?.[kind] ?? {}).some((name) => now?.[kind]?.[name] === undefined);
    if (removed) at.forbidden(`resource ${kind} cannot be removed`, kind);
  }
}

/** Refuses every change but that of CPU and memory. */
function otherFields(spec: V1PodSpec, before: V1PodSpec, at: Report): void {
  spec.containers.forEach((container, i) => {
    if (!sameValue(fixedFields(container), fixedFields(before.containers[i]!))) {
      at.forbidden(WORDS.fixed);
    }
  });
  spec.initContainers?.forEach((container, i) => {
    initContainer(container, before.initContainers![i]!, i, at);
  });
  if (at.count === 0 && !sameValue(fixedSpec(spec), fixedSpec(before))) at.forbidden(WORDS.fixed);
}

function initContainer(container: V1Container, old: V1Container, i: number, at: Report): void {
  if (!sameValue(fixedFields(container), fixedFields(old))) {
    at.forbidden(WORDS.fixed, 'initContainers', i);
  }
  if (old.restartPolicy === 'Always' || sameValue(container, old)) return;
  for (const { restartPolicy } of container.resizePolicy ?? []) {
    if (restartPolicy === 'RestartContainer') {
      at.forbidden('a container that runs once is not restarted for a resize', 'initContainers', i);
    }
  }
}

function fixedSpec(spec: V1PodSpec): V1PodSpec {
  return {
    ...spec,
    containers: spec.containers.map(fixedFields),
    initContainers: spec.initContainers?.map(fixedFields),
    resources: fixedPart(spec.resources),
  };
}

function fixedFields(container: V1Container): V1Container {
  return { ...container, resources: fixedPart(container.resources) };
}

/** Resources without those that may change. A part that is then empty is none. */
function fixedPart(resources: V1ResourceRequirements | undefined): V1ResourceRequirements {
  const fixed: V1ResourceRequirements = {};
  if (resources?.claims?.length) fixed.claims = resources.claims;
  for (const kind of AMOUNTS) {
    const rest = Object.entries(resources?.[kind] ?? {}).filter(([name]) => !RESIZABLE.has(name));
    if (rest.length > 0) fixed[kind] = Object.fromEntries(rest);
  }
  return fixed;
}
