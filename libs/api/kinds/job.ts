import type { ResourceDefinition } from '../definition.ts';
import type { V1Job, V1JobSpec } from '../gen/types.ts';
import { namespacedMetadata } from '../validation/metadata.ts';
import { labelValue } from '../validation/names.ts';
import { validations } from '../validation/object.ts';
import { all, fields, isEmpty, present } from '../validation/rule.ts';
import { ageColumn, type Elapsed, humanDuration, nameColumn, since, text } from './cells.ts';
import { jobStatus } from './job/status.ts';
import {
  generatedSelector,
  indexedNames,
  JOB_NAME_LABELS,
  JOB_UID_LABELS,
  jobSpec,
  jobUpdate,
} from './job/validation.ts';
import { defaultPodTemplate } from './pod/defaults.ts';
import { podSpecWarnings } from './pod/warnings.ts';
import { ownStatus } from './strategy.ts';
import { asksAnew, nameWarnings, templateColumns } from './workload.ts';

const BACKOFF_LIMIT = 6;
const INT32_MAX = 2 ** 31 - 1;
const COMPLETIONS_OF_INDEXED_MAX = 100_000;
const PARALLELISM_OF_MANY_MAX = 10_000;

/** Defaults that the template of a cron job has as well. */
export function defaultJobTemplate(spec: V1JobSpec | undefined): void {
  for (const rule of spec?.podFailurePolicy?.rules ?? []) {
    for (const pattern of rule.onPodConditions ?? []) pattern.status ||= 'True';
  }
  defaultPodTemplate(spec?.template);
}

function setDefaults(job: V1Job): void {
  const spec = job.spec;
  if (!spec) return;
  if (spec.completions === undefined && spec.parallelism === undefined) spec.completions = 1;
  spec.parallelism ??= 1;
  spec.backoffLimit ??= spec.backoffLimitPerIndex === undefined ? BACKOFF_LIMIT : INT32_MAX;
  const labels = spec.template?.metadata?.labels;
  if (labels && isEmpty(job.metadata?.labels)) job.metadata = { ...job.metadata, labels: { ...labels } };
  spec.completionMode ??= 'NonIndexed';
  spec.suspend ??= false;
  spec.podReplacementPolicy ??= spec.podFailurePolicy ? 'Failed' : 'TerminatingOrFailed';
  spec.manualSelector ??= false;
  defaultJobTemplate(spec);
}

/** Unless told otherwise the server makes a selector that finds the pods of this job alone. */
function makeSelector(job: V1Job): void {
  const spec = job.spec;
  if (!spec || spec.manualSelector) return;
  spec.template ??= {};
  spec.template.metadata ??= {};
  const labels: Record<string, string> = { ...spec.template.metadata.labels };
  for (const label of JOB_NAME_LABELS) labels[label] ??= job.metadata?.name ?? '';
  for (const label of JOB_UID_LABELS) labels[label] ??= job.metadata?.uid ?? '';
  spec.template.metadata.labels = labels;
  const chosen: Record<string, string> = { ...spec.selector?.matchLabels };
  chosen[JOB_UID_LABELS[1]] ??= job.metadata?.uid ?? '';
  spec.selector = { ...spec.selector, matchLabels: chosen };
  // A name that no label can have is refused once as a name; the job's own labels need not say so again.
  const sound = labelValue(job.metadata?.name ?? '').length === 0;
  if (sound && isEmpty(job.metadata?.labels)) job.metadata = { ...job.metadata, labels: { ...labels } };
}

const WORDS: ReadonlyArray<readonly [condition: string, word: string]> = [
  ['Complete', 'Complete'],
  ['Failed', 'Failed'],
  ['', 'Terminating'],
  ['Suspended', 'Suspended'],
  ['FailureTarget', 'FailureTarget'],
  ['SuccessCriteriaMet', 'SuccessCriteriaMet'],
];

function statusCell(job: V1Job): string {
  const has = (type: string) => !!job.status?.conditions?.some((c) => c.type === type && c.status === 'True');
  const found = WORDS.find(([type]) => (type === '' ? !!job.metadata?.deletionTimestamp : has(type)));
  return found?.[1] ?? 'Running';
}

function completionsCell({ spec, status }: V1Job): string {
  const done = status?.succeeded ?? 0;
  if (spec?.completions !== undefined) return `${done}/${spec.completions}`;
  const parallelism = spec?.parallelism ?? 0;
  return parallelism > 1 ? `${done}/1 of ${parallelism}` : `${done}/1`;
}

function durationCell({ status }: V1Job): Elapsed | string {
  if (!status?.startTime) return '';
  if (!status.completionTime) return since(status.startTime);
  return humanDuration(Date.parse(status.completionTime) - Date.parse(status.startTime));
}

export function jobSpecWarnings(spec: V1JobSpec | undefined, place: string): string[] {
  const found: string[] = [];
  const many =
    (spec?.completions ?? 0) > COMPLETIONS_OF_INDEXED_MAX && (spec?.parallelism ?? 0) > PARALLELISM_OF_MANY_MAX;
  if (spec?.completionMode === 'Indexed' && many) found.push(`${place}: so many pods at once do not end well`);
  return [...found, ...podSpecWarnings(spec?.template, `${place}.template`)];
}

const own = ownStatus<V1Job>('V1JobStatus');

export const jobs: ResourceDefinition<V1Job> = {
  group: 'batch',
  version: 'v1',
  kind: 'Job',
  plural: 'jobs',
  singular: 'job',
  categories: ['all'],
  namespaced: true,
  type: 'V1Job',
  hasGeneration: true,
  ...own,
  setDefaults,
  prepareForCreate(draft) {
    own.prepareForCreate!(draft);
    makeSelector(draft);
  },
  ...validations<V1Job>({
    metadata: namespacedMetadata,
    created: all<V1Job>(generatedSelector, fields<V1Job>({ spec: present(jobSpec) }), indexedNames),
    after(job, previous, at) {
      at.enter('spec');
      jobSpec(job.spec!, at, undefined);
      at.leave();
      jobUpdate(job, previous, at);
    },
    status: jobStatus,
    asNewFirst: true,
  }),
  warnings: (job, previous) => [
    ...(previous ? [] : nameWarnings(job)),
    ...(asksAnew(job, previous) ? jobSpecWarnings(job.spec, 'spec') : []),
  ],
  columns: [
    nameColumn,
    text('Status', 'How it stands.', statusCell),
    text('Completions', 'Pods that ended well, of those wanted.', completionsCell),
    text('Duration', 'How long it has taken.', durationCell),
    ageColumn,
    ...templateColumns<V1Job>(),
  ],
  selectableFields: { 'status.successful': (job) => String(job.status?.succeeded ?? 0) },
};
