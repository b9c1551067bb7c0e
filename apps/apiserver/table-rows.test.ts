import type { ResourceDefinition } from '../../libs/api/definition.ts';
import { plainColumns } from '../../libs/api/kinds/cells.ts';
import { configmaps } from '../../libs/api/kinds/configmap.ts';
import { jobs } from '../../libs/api/kinds/job.ts';
import { pods } from '../../libs/api/kinds/pod.ts';
import type { KubeObject } from '../../libs/api/meta.ts';
import { Document, storedValue } from '../../libs/cache/document.ts';
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
const tables: Array<{ name: string; definition: ResourceDefinition; more: object; metadata?: object }> = [
  { name: 'a pod', definition: pods, more: plain },
  { name: 'a pod that has restarted', definition: pods, more: { ...plain, ...restarted } },
  { name: 'a pod without a time', definition: pods, more: plain, metadata: { creationTimestamp: undefined } },
  { name: 'a kind whose columns tell the time themselves', definition: jobs, more: { status: { startTime: created } } },
  { name: 'letters beyond ASCII', definition: configmaps, more: {}, metadata: { name: 'näme"' } },
];

describe('rows of tables', () => {
  it.each(tables)('say of $name what its columns say, whenever they are asked', ({ definition, more, metadata }) => {
    const { kind, version: apiVersion, columns = plainColumns } = definition;
    const all = { name: 'x', creationTimestamp: created, ...metadata };
    const object = { kind, apiVersion, metadata: all, ...more } as unknown as KubeObject;
    const document = Document.ofValue(storedValue(object), 1);
    for (const after of laterMs) {
      const nowMs = createdMs + after;
      const row = JSON.parse(`{"cells":${Buffer.from(rowText(definition, document, nowMs), 'latin1').toString()}}`);
      expect(row.cells).toEqual(JSON.parse(JSON.stringify(columns.map((column) => column.cell(object, nowMs)))));
      expect(row.conditions).toEqual(definition.rowConditions?.(object));
    }
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
