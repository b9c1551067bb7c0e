import type { PrinterColumn } from '../../definition.ts';
import type { CoreV1Event } from '../../gen/types.ts';
import type { KubeObject } from '../../meta.ts';
import { type Elapsed, since, text, wide } from '../cells.ts';

function firstSeen(event: CoreV1Event): Elapsed | string {
  return since(event.firstTimestamp || event.eventTime);
}

function lastSeen(event: CoreV1Event): Elapsed | string {
  if (event.series) return since(event.series.lastObservedTime);
  return event.lastTimestamp ? since(event.lastTimestamp) : firstSeen(event);
}

function target({ involvedObject: about }: CoreV1Event): string {
  const kind = (about?.kind ?? '').toLowerCase();
  return about?.name ? `${kind}/${about.name}` : kind;
}

function source(event: CoreV1Event): string {
  const component = event.source?.component || event.reportingComponent || '';
  const instance = event.source?.host || event.reportingInstance || '';
  return instance ? `${component}, ${instance}` : component;
}

/** The columns of events, for either of their groups. */
export function eventColumns<T extends KubeObject>(core: (event: T) => CoreV1Event): ReadonlyArray<PrinterColumn<T>> {
  const cell = (read: (event: CoreV1Event) => unknown) => (event: T) => read(core(event));
  return [
    text('Last Seen', 'When it was last seen.', cell(lastSeen)),
    text(
      'Type',
      'Normal or Warning.',
      cell((event) => event.type ?? ''),
    ),
    text(
      'Reason',
      'Why, in one word.',
      cell((event) => event.reason ?? ''),
    ),
    text('Object', 'What it is about.', cell(target)),
    wide(
      text(
        'Subobject',
        'Which part of it.',
        cell((event) => event.involvedObject?.fieldPath ?? ''),
      ),
    ),
    wide(text('Source', 'Who reports it.', cell(source))),
    text(
      'Message',
      'What happened.',
      cell((event) => (event.message ?? '').trim()),
    ),
    wide(text('First Seen', 'When it was first seen.', cell(firstSeen))),
    wide(
      text(
        'Count',
        'How often it was seen.',
        cell((event) => event.series?.count ?? (event.count || 1)),
      ),
    ),
    wide({ ...text<T>('Name', 'Name of the event.', (event) => event.metadata?.name ?? ''), format: 'name' }),
  ];
}
