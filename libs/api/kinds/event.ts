import type { FieldError, ResourceDefinition } from '../definition.ts';
import type { CoreV1Event, EventsV1Event } from '../gen/types.ts';
import { sameValue } from '../validation/equality.ts';
import { metadata, metadataUpdate, namespacedMetadata } from '../validation/metadata.ts';
import { dnsSubdomain, pathSegment, qualifiedName } from '../validation/names.ts';
import { Report } from '../validation/report.ts';
import { eventColumns } from './event/columns.ts';
import { toCoreEvent, toNewEvent } from './event/conversion.ts';

const WORD_MAX = 128;
const NOTE_MAX = 1024;

/** Events without eventTime are of the old sort: they only need the namespace of what they are about. */
function namespaceMatches(event: CoreV1Event, at: Report): void {
  const own = event.metadata?.namespace ?? '';
  const about = event.involvedObject?.namespace ?? '';
  const systems = event.eventTime ? ['default', 'kube-system'] : ['', 'default'];
  const matches = about === '' ? systems.includes(own) : !!event.eventTime || own === about;
  if (!matches) at.invalid('does not match the namespace of the event', 'involvedObject', 'namespace');
}

function word(event: CoreV1Event, name: 'reportingInstance' | 'action' | 'reason', at: Report): void {
  const value = event[name] ?? '';
  if (value === '') at.required('', name);
  if (value.length > WORD_MAX) at.invalid(`can have at most ${WORD_MAX} characters`, name);
}

function commonRules(event: CoreV1Event, reporter: string, at: Report): void {
  namespaceMatches(event, at);
  if (event.eventTime) {
    if (!event.reportingComponent) at.required('', reporter);
    for (const complaint of qualifiedName(event.reportingComponent ?? '')) at.invalid(complaint, reporter);
    for (const name of ['reportingInstance', 'action', 'reason'] as const) word(event, name, at);
    if ((event.message ?? '').length > NOTE_MAX) at.invalid(`can have at most ${NOTE_MAX} characters`, 'message');
  }
  for (const complaint of dnsSubdomain(event.metadata?.namespace ?? '')) at.invalid(complaint, 'namespace');
}

function series(event: CoreV1Event, at: Report): void {
  if (!event.series) return;
  if ((event.series.count ?? 0) < 2) at.invalid('must be at least 2', 'series.count');
  if (!event.series.lastObservedTime) at.required('', 'series.lastObservedTime');
}

const OLD_FIELDS = ['firstTimestamp', 'lastTimestamp', 'count'] as const;

function newEventRules(event: CoreV1Event, at: Report): void {
  at.enter('metadata');
  namespacedMetadata(event.metadata, at, undefined);
  at.leave();
  series(event, at);
  if (!event.eventTime) at.required('', 'eventTime');
  if (event.type !== 'Normal' && event.type !== 'Warning') at.invalid('must be Normal or Warning', 'type');
  for (const name of OLD_FIELDS) if (event[name]) at.invalid('is of the old sort of events', name);
  if (event.source?.component || event.source?.host) at.invalid('is of the old sort of events', 'source');
}

const STAYS: ReadonlyArray<readonly [field: keyof CoreV1Event, told: string]> = [
  ...(['involvedObject', 'reason', 'message', 'source', 'firstTimestamp', 'lastTimestamp', 'count'] as const).map(same),
  ...(['reason', 'type', 'eventTime', 'action', 'related'] as const).map(same),
  ['reportingComponent', 'reportingController'],
  ['reportingInstance', 'reportingInstance'],
];

function same<K extends string>(name: K): readonly [K, K] {
  return [name, name];
}

function newEventUpdate(event: CoreV1Event, previous: CoreV1Event, at: Report): void {
  metadataUpdate(event, previous, at);
  if (!sameValue(event.series, previous.series)) series(event, at);
  for (const [field, told] of STAYS) {
    if (!sameValue(event[field], previous[field])) at.invalid('field is immutable', told);
  }
}

const anyMetadata = metadata({ name: pathSegment, namespaced: true, freeFinalizers: true });

function core(event: CoreV1Event): FieldError[] {
  const at = new Report();
  commonRules(event, 'reportingComponent', at);
  if (at.count > 0) return at.errors;
  at.enter('metadata');
  anyMetadata(event.metadata, at, undefined);
  at.leave();
  return at.errors;
}

const NAMES = { kind: 'Event', plural: 'events', singular: 'event', shortNames: ['ev'], namespaced: true } as const;

function sourceOf(event: CoreV1Event): string {
  return event.source?.component || (event.reportingComponent ?? '');
}

const ABOUT = ['kind', 'namespace', 'name', 'uid', 'apiVersion', 'resourceVersion', 'fieldPath'] as const;

type Readers<T> = Record<string, (event: T) => string>;

function aboutReaders<T>(prefix: string, core: (event: T) => CoreV1Event): Readers<T> {
  return Object.fromEntries(
    ABOUT.map((name) => [`${prefix}.${name}`, (event: T) => core(event).involvedObject?.[name] ?? '']),
  );
}

export const events: ResourceDefinition<CoreV1Event> = {
  ...NAMES,
  group: '',
  version: 'v1',
  type: 'CoreV1Event',
  createOnUpdate: true,
  validate: core,
  validateUpdate: core,
  columns: eventColumns((event) => event),
  selectableFields: {
    ...aboutReaders<CoreV1Event>('involvedObject', (event) => event),
    reason: (event) => event.reason ?? '',
    reportingComponent: (event) => event.reportingComponent ?? '',
    source: sourceOf,
    type: (event) => event.type ?? '',
  },
};

/** The same events in the words of their newer group. */
export const groupedEvents: ResourceDefinition<EventsV1Event> = {
  ...NAMES,
  group: 'events.k8s.io',
  version: 'v1',
  type: 'EventsV1Event',
  createOnUpdate: true,
  storedAs: {
    resource: events,
    toStored: (event) => toCoreEvent(event as EventsV1Event),
    fromStored: (event) => toNewEvent(event as CoreV1Event),
  },
  validate(event) {
    const at = new Report();
    const stored = toCoreEvent(event);
    commonRules(stored, 'reportingController', at);
    newEventRules(stored, at);
    return at.errors;
  },
  validateUpdate(event, previous) {
    const at = new Report();
    const stored = toCoreEvent(event);
    commonRules(stored, 'reportingController', at);
    newEventUpdate(stored, toCoreEvent(previous), at);
    return at.errors;
  },
  columns: eventColumns(toCoreEvent),
  selectableFields: {
    ...aboutReaders<EventsV1Event>('regarding', toCoreEvent),
    reason: (event) => event.reason ?? '',
    reportingController: (event) => event.reportingController ?? '',
    type: (event) => event.type ?? '',
  },
};
