import type { ResourceDefinition } from '../definition.ts';
import type { V1CronJob, V1CronJobSpec, V1JobSpec } from '../gen/types.ts';
import { metadataUpdate, namespacedMetadata } from '../validation/metadata.ts';
import { validations } from '../validation/object.ts';
import { Report } from '../validation/report.ts';
import { below, fields, nonNegative, type Rule, requiredOneOf } from '../validation/rule.ts';
import {
  ageColumn,
  containerImages,
  containerNames,
  formatSelector,
  integer,
  nameColumn,
  since,
  text,
  wide,
} from './cells.ts';
import { isSchedule } from './cronjob/schedule.ts';
import { jobTemplateSpec } from './job/validation.ts';
import { defaultJobTemplate, jobSpecWarnings } from './job.ts';
import { ownStatus } from './strategy.ts';
import { asksAnew, nameWarnings } from './workload.ts';

/** Names of jobs end in a time of up to eleven characters. */
const NAME_LENGTH_MAX = 52;
const SUCCESSFUL_KEPT = 3;
const FAILED_KEPT = 1;

function schedule(spec: V1CronJobSpec, before: V1CronJobSpec | undefined, at: Report) {
  const text = spec.schedule;
  if (!text) return at.required('', 'schedule');
  if (!isSchedule(text)) at.invalid('is no schedule', 'schedule');
  const zoned = text.includes('TZ');
  const tolerated = !!before?.schedule?.includes('TZ');
  if (zoned && (!tolerated || spec.timeZone !== undefined)) at.invalid('the time zone goes to timeZone', 'schedule');
}

function isTimeZone(name: string): boolean {
  const sound = name.split('/').every((part) => /^[A-Za-z._0-9+-]{1,14}$/.test(part) && !/^(\.{1,2}$|-)/.test(part));
  if (!sound) return false;
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

const timeZone: Rule<string> = (name, at) => {
  if (name === '') at.invalid('must not be empty');
  else if (name.toLowerCase() === 'local') at.invalid('must be a zone of the IANA database');
  else if (!isTimeZone(name)) at.invalid('is no time zone');
};

/** The selector of each job is made when the job is. */
const jobTemplate: Rule<{ spec?: V1JobSpec }> = ({ spec }, at, context) => {
  at.enter('spec');
  jobTemplateSpec(spec ?? ({} as V1JobSpec), at, context);
  if (spec?.selector) at.invalid('is made with the job', 'selector');
  if (spec?.manualSelector) at.notSupported(['nil', 'false'], 'manualSelector');
  at.leave();
};

function cronJobSpec(spec: V1CronJobSpec, before: V1CronJobSpec | undefined, at: Report): void {
  at.enter('spec');
  schedule(spec, before, at);
  below(at, 'startingDeadlineSeconds', spec.startingDeadlineSeconds, nonNegative, undefined);
  if (!before || before.timeZone !== spec.timeZone) below(at, 'timeZone', spec.timeZone, timeZone, undefined);
  policies(spec, at, undefined);
  at.leave();
}

const policies = fields<V1CronJobSpec>({
  concurrencyPolicy: requiredOneOf(['Allow', 'Forbid', 'Replace']),
  jobTemplate,
  successfulJobsHistoryLimit: nonNegative,
  failedJobsHistoryLimit: nonNegative,
});

const rules = validations<V1CronJob>({
  metadata: namespacedMetadata,
  created(cronJob, at) {
    cronJobSpec(cronJob.spec ?? ({} as V1CronJobSpec), undefined, at);
    if ((cronJob.metadata?.name ?? '').length > NAME_LENGTH_MAX)
      at.invalid('must be at most 52 characters', 'metadata', 'name');
  },
});

const own = ownStatus<V1CronJob>('V1CronJobStatus');

function template(cronJob: V1CronJob): V1JobSpec | undefined {
  return cronJob.spec?.jobTemplate?.spec;
}

export const cronjobs: ResourceDefinition<V1CronJob> = {
  group: 'batch',
  version: 'v1',
  kind: 'CronJob',
  plural: 'cronjobs',
  singular: 'cronjob',
  shortNames: ['cj'],
  categories: ['all'],
  namespaced: true,
  type: 'V1CronJob',
  hasGeneration: true,
  ...own,
  setDefaults(draft) {
    const spec = draft.spec;
    if (!spec) return;
    spec.concurrencyPolicy ||= 'Allow';
    spec.suspend ??= false;
    spec.successfulJobsHistoryLimit ??= SUCCESSFUL_KEPT;
    spec.failedJobsHistoryLimit ??= FAILED_KEPT;
    defaultJobTemplate(spec.jobTemplate?.spec);
  },
  ...rules,
  validateUpdate(cronJob, previous) {
    const at = new Report();
    metadataUpdate(cronJob, previous, at);
    cronJobSpec(cronJob.spec ?? ({} as V1CronJobSpec), previous.spec, at);
    return at.errors;
  },
  warnings(cronJob, previous) {
    const ofName = previous ? [] : nameWarnings(cronJob);
    if (!asksAnew(cronJob, previous)) return ofName;
    return [...ofName, ...jobSpecWarnings(template(cronJob), 'spec.jobTemplate.spec')];
  },
  columns: [
    nameColumn,
    text('Schedule', 'When it makes jobs.', (cronJob) => cronJob.spec?.schedule ?? ''),
    text('Timezone', 'Time zone of the schedule.', (cronJob) => cronJob.spec?.timeZone ?? '<none>'),
    {
      name: 'Suspend',
      type: 'boolean',
      description: 'Whether it makes none.',
      cell: (cronJob) => (cronJob.spec?.suspend ? 'True' : 'False'),
    },
    integer('Active', 'Jobs that are running.', (cronJob) => cronJob.status?.active?.length ?? 0),
    text('Last Schedule', 'When it last made a job.', ({ status }) =>
      status?.lastScheduleTime ? since(status.lastScheduleTime) : '<none>',
    ),
    ageColumn,
    wide(
      text('Containers', 'Names of the containers.', (c) => containerNames(template(c)?.template?.spec?.containers)),
    ),
    wide(text('Images', 'Images of the containers.', (c) => containerImages(template(c)?.template?.spec?.containers))),
    wide(text('Selector', 'Labels of its pods.', (c) => formatSelector(template(c)?.selector))),
  ],
};
