import type { V1Job, V1JobSpec, V1PodSpec, V1PodTemplateSpec } from '../../gen/types.ts';
import { sameValue } from '../../validation/equality.ts';
import { labelSelector, selects } from '../../validation/labels.ts';
import { dnsLabel, domainPrefixedPath } from '../../validation/names.ts';
import { allUpdates, immutable, type UpdateRule } from '../../validation/object.ts';
import { podTemplate } from '../../validation/pod/template.ts';
import { keyed, type Report } from '../../validation/report.ts';
import { below, fields, nonNegative, type Rule } from '../../validation/rule.ts';
import { isSoundSelector } from '../../validation/workload.ts';
import { failurePolicy, successPolicy } from './policies.ts';

const PARALLELISM_MAX = 100_000;
const FAILED_INDEXES_MAX = 100_000;
const MANY_COMPLETIONS = 100_000;
const PARALLELISM_OF_MANY_MAX = 10_000;
const FAILED_INDEXES_OF_MANY_MAX = 10_000;
const MANAGED_BY_LENGTH_MAX = 63;

const numbers = fields<V1JobSpec>({
  parallelism: nonNegative,
  completions: nonNegative,
  activeDeadlineSeconds: nonNegative,
  backoffLimit: nonNegative,
  ttlSecondsAfterFinished: nonNegative,
  backoffLimitPerIndex: nonNegative,
  maxFailedIndexes: nonNegative,
});

const managedBy: Rule<string> = (manager, at) => {
  if (manager === '') at.required();
  else for (const complaint of domainPrefixedPath(manager)) at.invalid(complaint);
  if (manager.length > MANAGED_BY_LENGTH_MAX) at.tooLong(MANAGED_BY_LENGTH_MAX);
};

function indexedCompletion(spec: V1JobSpec, at: Report): void {
  const { completions, parallelism = 0, maxFailedIndexes: failed } = spec;
  if (completions === undefined) at.required('needed by Indexed completion', 'completions');
  if (parallelism > PARALLELISM_MAX) at.invalid(`must be at most ${PARALLELISM_MAX}`, 'parallelism');
  if (completions !== undefined && (failed ?? 0) > completions)
    at.invalid('must be at most completions', 'maxFailedIndexes');
  if ((failed ?? 0) > FAILED_INDEXES_MAX) at.invalid(`must be at most ${FAILED_INDEXES_MAX}`, 'maxFailedIndexes');
  if ((completions ?? 0) <= MANY_COMPLETIONS || spec.backoffLimitPerIndex === undefined) return;
  if (failed === undefined) at.required('needed by so many completions', 'maxFailedIndexes');
  if (parallelism > PARALLELISM_OF_MANY_MAX) at.invalid(`must be at most ${PARALLELISM_OF_MANY_MAX}`, 'parallelism');
  if ((failed ?? 0) > FAILED_INDEXES_OF_MANY_MAX)
    at.invalid(`must be at most ${FAILED_INDEXES_OF_MANY_MAX}`, 'maxFailedIndexes');
}

const MODES = ['Indexed', 'NonIndexed'];

function completionMode(spec: V1JobSpec, at: Report): void {
  const mode = spec.completionMode;
  if (mode !== undefined && !MODES.includes(mode)) at.notSupported(MODES, 'completionMode');
  if (mode === 'Indexed') indexedCompletion(spec, at);
  if (mode !== undefined && mode !== 'NonIndexed') return;
  for (const name of ['backoffLimitPerIndex', 'maxFailedIndexes'] as const) {
    if (spec[name] !== undefined) at.invalid('needs Indexed completion', name);
  }
}

function replacement(spec: V1JobSpec, at: Report): void {
  const policy = spec.podReplacementPolicy;
  const allowed = spec.podFailurePolicy ? ['Failed'] : ['Failed', 'TerminatingOrFailed'];
  if (policy !== undefined && !allowed.includes(policy)) at.notSupported(allowed, 'podReplacementPolicy');
}

/** Pods of a job end; they are not restarted for ever. */
function restartPolicy(spec: V1JobSpec, at: Report): void {
  const policy = spec.template?.spec?.restartPolicy;
  const place = ['template', 'spec', 'restartPolicy'];
  if (!policy || policy === 'Always') at.required('must be OnFailure or Never', ...place);
  else if (policy !== 'OnFailure' && policy !== 'Never') at.notSupported(['OnFailure', 'Never'], ...place);
  else if (spec.podFailurePolicy && policy !== 'Never') at.invalid('must be Never with podFailurePolicy', ...place);
}

const template = podTemplate();

/** What holds for the specification of a job, also of one that a cron job will make. */
export const jobTemplateSpec: Rule<V1JobSpec> = (spec, at, context) => {
  numbers(spec, at, context);
  if (spec.maxFailedIndexes !== undefined && spec.backoffLimitPerIndex === undefined) {
    at.required('needed by maxFailedIndexes', 'backoffLimitPerIndex');
  }
  below(at, 'managedBy', spec.managedBy, managedBy, context);
  completionMode(spec, at);
  failurePolicy(spec, at);
  successPolicy(spec, at);
  replacement(spec, at);
  below(at, 'template', spec.template ?? ({} as V1PodTemplateSpec), template, context);
  restartPolicy(spec, at);
};

export const jobSpec: Rule<V1JobSpec> = (spec, at, context) => {
  jobTemplateSpec(spec, at, context);
  if (!spec.selector) at.required('', 'selector');
  below(at, 'selector', spec.selector, labelSelector, context);
  const selected = !!spec.selector && selects(spec.selector, spec.template?.metadata?.labels ?? {});
  if (isSoundSelector(spec.selector) && !selected) at.invalid('is not selected', 'template', 'metadata', 'labels');
};

/** Labels that the server gives to pods of a job, each under its old and its new name. */
export const JOB_NAME_LABELS = ['job-name', 'batch.kubernetes.io/job-name'] as const;
export const JOB_UID_LABELS = ['controller-uid', 'batch.kubernetes.io/controller-uid'] as const;

function hasLabel(job: V1Job, key: string, value: string, at: Report): void {
  const labels: Readonly<Record<string, string>> = job.spec?.template?.metadata?.labels ?? {};
  const place = ['spec', 'template', 'metadata', 'labels'];
  if (!(key in labels)) at.required('', ...place, keyed(key));
  else if (labels[key] !== value) at.invalid(`must be ${value}`, ...place, keyed(key));
}

/** The selector that the server makes finds exactly the pods of the job. */
export const generatedSelector: Rule<V1Job> = (job, at) => {
  if (job.spec?.manualSelector || !job.spec?.selector) return;
  const { uid = '', name = '' } = job.metadata ?? {};
  JOB_UID_LABELS.forEach((label, i) => {
    hasLabel(job, label, uid, at);
    hasLabel(job, JOB_NAME_LABELS[i]!, name, at);
  });
  const expected = Object.fromEntries([
    ...JOB_UID_LABELS.map((l) => [l, uid]),
    ...JOB_NAME_LABELS.map((l) => [l, name]),
  ]);
  if (isSoundSelector(job.spec.selector) && !selects(job.spec.selector, expected)) {
    at.invalid('is not the one that the server makes', 'spec', 'selector');
  }
};

/** Pods of an indexed job have host names that end in their index. */
export const indexedNames: Rule<V1Job> = (job, at) => {
  const { completionMode: mode, completions = 0 } = job.spec ?? {};
  if (mode !== 'Indexed' || completions <= 0) return;
  if (dnsLabel(`${job.metadata?.name ?? ''}-${completions - 1}`).length > 0)
    at.invalid('makes no host names', 'metadata', 'name');
};

/** Of an indexed job, completions and parallelism change together. */
const completions: UpdateRule<V1Job> = (job, previous, at) => {
  const [spec, before] = [job.spec!, previous.spec!];
  if (sameValue(spec.completions, before.completions)) return;
  if (spec.completionMode !== 'Indexed') at.invalid('field is immutable', 'spec', 'completions');
  else if (spec.completions !== undefined && spec.completions !== spec.parallelism) {
    at.invalid('changes together with parallelism only', 'spec', 'completions');
  }
};

/** While a job is suspended, where its pods go and what they ask for can change. */
function withScheduling(old: V1PodTemplateSpec, now: V1PodTemplateSpec): V1PodTemplateSpec {
  const { nodeAffinity: _ignored, ...others } = old.spec?.affinity ?? {};
  const nodeAffinity = now.spec?.affinity?.nodeAffinity;
  const affinity = nodeAffinity ? { ...others, nodeAffinity } : others;
  const spec: V1PodSpec = {
    ...old.spec!,
    affinity: Object.keys(affinity).length > 0 || now.spec?.affinity ? affinity : undefined,
    nodeSelector: now.spec?.nodeSelector,
    tolerations: now.spec?.tolerations,
    schedulingGates: now.spec?.schedulingGates,
  };
  const { annotations, labels } = now.metadata ?? {};
  return { ...old, metadata: { ...old.metadata, annotations, labels }, spec };
}

function withResources(old: V1PodSpec, now: V1PodSpec): V1PodSpec {
  const merged = { ...old };
  for (const list of ['containers', 'initContainers'] as const) {
    if (now[list]?.length !== old[list]?.length || !old[list]) continue;
    merged[list] = old[list].map((c, i) =>
      now[list]![i]!.name === c.name ? { ...c, resources: now[list]![i]!.resources } : c,
    );
  }
  return merged;
}

const templateStays: UpdateRule<V1Job> = (job, previous, at) => {
  const [now, old] = [job.spec!.template, previous.spec!.template];
  if (!previous.spec!.suspend) {
    if (!sameValue(now, old)) at.invalid('field is immutable', 'spec', 'template');
    return;
  }
  const movable = withScheduling(old, now);
  if (!sameValue(now.spec, withResources(movable.spec!, now.spec!)))
    at.invalid('field is immutable', 'spec', 'template.spec');
};

export const jobUpdate: UpdateRule<V1Job> = allUpdates<V1Job>(
  completions,
  immutable('spec.selector'),
  templateStays,
  immutable(
    'spec.completionMode',
    'spec.podFailurePolicy',
    'spec.backoffLimitPerIndex',
    'spec.managedBy',
    'spec.successPolicy',
  ),
);
