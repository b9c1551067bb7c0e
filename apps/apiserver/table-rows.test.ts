import type { ResourceDefinition } from '../../libs/api/definition.ts';
import type { V1CustomResourceDefinition } from '../../libs/api/gen/types.ts';
import { cellAt, plainColumns } from '../../libs/api/kinds/cells.ts';
import { configmaps } from '../../libs/api/kinds/configmap.ts';
import { cronjobs } from '../../libs/api/kinds/cronjob.ts';
import { firstAutoscalers } from '../../libs/api/kinds/horizontalpodautoscaler.ts';
import { jobs } from '../../libs/api/kinds/job.ts';
import { pods } from '../../libs/api/kinds/pod.ts';
import type { KubeObject } from '../../libs/api/meta.ts';
import { Document } from '../../libs/cache/document.ts';
import { storedValue } from '../../libs/cache/stored-value.ts';
import { customResources } from '../../libs/registry/custom/definition.ts';
import { rowText } from './table-rows.ts';

const createdMs = Date.parse('2026-01-01T00:00:00Z');
const created = new Date(createdMs).toISOString();
const finished = new Date(createdMs + 90_000).toISOString();
const laterMs = [1_000, 95_000, 130_000, 3_600_000, 400 * 86_400_000];

const restarted = {
  status: {
    phase: 'Failed',
    containerStatuses: [
      { name: 'c', restartCount: 3, lastState: { terminated: { exitCode: 1, finishedAt: finished } } },
    ],
  },
};
const plain = { spec: { containers: [{ name: 'c' }] }, status: { phase: 'Pending' } };
const scaling = { spec: { scaleTargetRef: { kind: 'Deployment', name: 'd' }, maxReplicas: 3 }, status: {} };

const widgets = customResources({
  metadata: { name: 'widgets.example.org' },
  spec: {
    group: 'example.org',
    scope: 'Namespaced',
    names: { kind: 'Widget', plural: 'widgets' },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: { openAPIV3Schema: { type: 'object' } },
        additionalPrinterColumns: [
          { name: 'Size', type: 'integer', jsonPath: '.spec.size' },
          { name: 'Seen', type: 'date', jsonPath: '.status.seen' },
          { name: 'Lost', type: 'date', jsonPath: '.status.lost' },
        ],
      },
    ],
  },
} as V1CustomResourceDefinition)[0]!;

const tables: Array<{ name: string; definition: ResourceDefinition; more: object; metadata?: object }> = [
  { name: 'a pod', definition: pods, more: plain },
  { name: 'a pod that has restarted', definition: pods, more: { ...plain, ...restarted } },
  { name: 'a pod without a time', definition: pods, more: plain, metadata: { creationTimestamp: undefined } },
  { name: 'a job that runs', definition: jobs, more: { status: { startTime: created } } },
  { name: 'a job that is done', definition: jobs, more: { status: { startTime: created, completionTime: finished } } },
  { name: 'a schedule', definition: cronjobs, more: { status: { lastScheduleTime: created } } },
  { name: 'an autoscaler in its first version', definition: firstAutoscalers, more: scaling },
  {
    name: 'a custom object',
    definition: widgets,
    more: { spec: { size: 3 }, status: { seen: created, lost: 'noon' } },
  },
  { name: 'letters beyond ASCII', definition: configmaps, more: {}, metadata: { name: 'näme"' } },
];

function documentOf({ definition, more, metadata }: (typeof tables)[number]) {
  const { kind, version: apiVersion } = definition;
  const all = { name: 'x', creationTimestamp: created, ...metadata };
  const object = { kind, apiVersion, metadata: all, ...more } as unknown as KubeObject;
  return { object, document: Document.ofValue(storedValue(object), 1) };
}

describe('rows of tables', () => {
  it.each(tables)('say of $name what its columns say, whenever they are asked', (table) => {
    const { definition } = table;
    const { columns = plainColumns } = definition;
    const { object, document } = documentOf(table);
    for (const after of laterMs) {
      const nowMs = createdMs + after;
      const row = JSON.parse(`{"cells":${Buffer.from(rowText(definition, document, nowMs), 'latin1').toString()}}`);
      expect(row.cells).toEqual(JSON.parse(JSON.stringify(columns.map((column) => cellAt(column, object, nowMs)))));
      expect(row.conditions).toEqual(definition.rowConditions?.(object));
    }
  });

  it.each(tables)('of $name are made once, however often they are asked for', (table) => {
    const { definition } = table;
    const { document } = documentOf(table);
    const asked: string[] = [];
    const columns = (definition.columns ?? plainColumns).map((column) => ({
      ...column,
      cell: (object: KubeObject) => {
        asked.push(column.name);
        return column.cell(object);
      },
    }));
    for (const after of laterMs) rowText({ ...definition, columns }, document, createdMs + after);
    expect(asked).toEqual(columns.map(({ name }) => name));
  });

  it('follow the columns when a kind comes to have others', () => {
    const document = Document.ofObject({ kind: 'ConfigMap', metadata: { name: 'x' } } as KubeObject);
    const [first] = plainColumns;
    const one = { ...configmaps, columns: [first!] };
    const two = { ...configmaps, columns: [first!, { ...first!, cell: () => undefined }] };
    expect([one, two, one].map((definition) => rowText(definition, document, 0))).toEqual([
      '["x"]',
      '["x",null]',
      '["x"]',
    ]);
  });
});
