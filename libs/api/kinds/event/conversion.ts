import type { CoreV1Event, EventsV1Event } from '../../gen/types.ts';

/** Fields that have other names in the two groups: core name first. */
const RENAMED = [
  ['involvedObject', 'regarding'],
  ['message', 'note'],
  ['reportingComponent', 'reportingController'],
  ['count', 'deprecatedCount'],
  ['firstTimestamp', 'deprecatedFirstTimestamp'],
  ['lastTimestamp', 'deprecatedLastTimestamp'],
  ['source', 'deprecatedSource'],
] as const;

type Fields = Record<string, unknown>;

function rename(event: object, from: 0 | 1, to: 0 | 1): Fields {
  const names = new Map<string, string>(RENAMED.map((pair) => [pair[from], pair[to]]));
  return Object.fromEntries(Object.entries(event).map(([name, value]) => [names.get(name) ?? name, value]));
}

export function toCoreEvent(event: EventsV1Event): CoreV1Event {
  const core = rename(event, 1, 0);
  const always = { involvedObject: {}, source: {}, firstTimestamp: null, lastTimestamp: null, eventTime: null };
  const reporter = { reportingComponent: '', reportingInstance: '' };
  return { ...always, ...reporter, ...core, apiVersion: 'v1' } as unknown as CoreV1Event;
}

export function toNewEvent(event: CoreV1Event): EventsV1Event {
  const grouped = rename(event, 0, 1);
  for (const name of ['reportingController', 'reportingInstance']) if (grouped[name] === '') delete grouped[name];
  return { ...grouped, apiVersion: 'events.k8s.io/v1' } as unknown as EventsV1Event;
}
