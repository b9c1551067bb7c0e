import { join } from 'node:path';
import fc from 'fast-check';
import { readCases } from '../../test/golden/cases.ts';
import { asks, bodyOf, openScratchRegistry, type ScratchRegistry } from '../../test/support/registry.ts';
import { conformObject } from '../api/decode/decode.ts';
import { type KubeObject, objectKey } from '../api/meta.ts';
import { schema } from '../api/schema/schema.ts';
import { expectedOf } from './expected-type.ts';
import type { PatchRequest } from './requests.ts';
import { draftOf, draftOfBody, shareEqualSections } from './sections.ts';
import { StoredResource } from './stored-resource.ts';
import { viewOf } from './view.ts';

type Json = Record<string, unknown>;

describe('sections', () => {
  const stored = {
    kind: 'Pod',
    metadata: { name: 'a', labels: { a: 'b' }, managedFields: [{ manager: 'm', fieldsV1: { 'f:spec': {} } }] },
    spec: { containers: [{ name: 'c' }] },
    status: { phase: 'Running' },
  } as KubeObject & Json;

  it('are shared unless they are about to change; metadata is always the draft own, and without owners', () => {
    const draft = draftOf(stored, new Set(['status'])) as KubeObject & Json;
    expect(draft.spec).toBe(stored.spec);
    expect(draft.status).toEqual(stored.status);
    expect(draft.status).not.toBe(stored.status);
    expect(draft.metadata).toEqual({ name: 'a', labels: { a: 'b' } });
    expect(draft.metadata?.labels).not.toBe(stored.metadata?.labels);
    expect((draftOf(stored, undefined) as Json).spec).not.toBe(stored.spec);
  });

  it('of a body are shared where they are equal, and so is the record of ownership', () => {
    const body = { ...bodyOf(stored).object, status: { phase: 'Failed' } };
    const draft = draftOfBody(body, stored, undefined) as KubeObject & Json;
    expect(draft.spec).toBe(stored.spec);
    expect(draft.status).toEqual({ phase: 'Failed' });
    expect(draft.status).not.toBe(body.status);
    expect(draft.metadata?.managedFields).toBe(stored.metadata?.managedFields);
    expect(draftOfBody(body, stored, 'status').metadata).toEqual({ name: 'a', labels: { a: 'b' } });
  });

  it('become shared when they turn out to be equal', () => {
    const draft = { ...bodyOf(stored).object, status: {} } as KubeObject & Json;
    shareEqualSections(draft, stored);
    expect(draft.spec).toBe(stored.spec);
    expect(draft.status).toEqual({});
    expect(draft.metadata).not.toBe(stored.metadata);
  });
});

/** Objects of all kinds that a real API server has taken, as many of each kind as one run can look at. */
const samplesOfKindMax = (kind: unknown) => (kind === 'Pod' ? 40 : 3);

function samples(): Json[] {
  const taken = new Map<string, Json[]>();
  for (const { steps } of readCases(join(process.cwd(), 'test/golden/cases.jsonl.gz'))) {
    for (const { do: ask, see } of steps) {
      const body = ask.body as Json | undefined;
      if (ask.method !== 'POST' || see.code !== 201 || !body?.kind || ask.path.includes('?')) continue;
      const known = taken.get(String(body.kind)) ?? [];
      if (known.length < samplesOfKindMax(body.kind)) taken.set(String(body.kind), [...known, body]);
    }
  }
  return [...taken.values()].flat();
}

function deepFreeze(value: unknown): void {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return;
  Object.freeze(value);
  for (const inner of Object.values(value)) deepFreeze(inner);
}

function isDeepFrozen(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return Object.isFrozen(value) && Object.values(value).every(isDeepFrozen);
}

/** A change of one value somewhere in an object: the steps to it and what stands there afterwards; null removes it. */
interface Change {
  readonly steps: readonly string[];
  readonly value: unknown;
}

/** `where` picks the value, `how` what becomes of it. */
function changeOf(object: Json, where: number, how: number): Change {
  const places: Change[] = [
    { steps: ['metadata', 'labels'], value: how % 2 ? { new: 'label' } : null },
    { steps: ['metadata', 'annotations', 'note'], value: 'text' },
    { steps: ['metadata', 'finalizers'], value: ['a.b/c'] },
    { steps: ['metadata', 'labels', 'bad label'], value: '-' },
  ];
  const look = (value: unknown, steps: readonly string[]) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      places.push({ steps, value: altered(value, how) });
    } else for (const [name, inner] of Object.entries(value)) look(inner, [...steps, name]);
  };
  const { metadata: _, kind: _k, apiVersion: _a, ...sections } = object;
  look(sections, []);
  return places[where % places.length]!;
}

function altered(value: unknown, how: number): unknown {
  if (how % 4 === 0) return null;
  if (typeof value === 'number') return value + (how % 3) - 1;
  if (typeof value === 'boolean') return !value;
  if (Array.isArray(value)) return how % 2 ? value.slice(1) : [...value, ...value.slice(0, 1)];
  return how % 2 ? `${String(value)}x` : value;
}

function nested({ steps, value }: Change): Json {
  return steps.reduceRight<unknown>((inner, step) => ({ [step]: inner }), value) as Json;
}

function changed(object: Json, { steps, value }: Change): Json {
  const copy = JSON.parse(JSON.stringify(object)) as Json;
  let at = copy;
  for (const step of steps.slice(0, -1)) {
    at[step] ??= {};
    at = at[step] as Json;
  }
  at[steps[steps.length - 1]!] = value;
  return copy;
}

/** How often each way of writing must have had either outcome. */
const timesMin = 5;
const ways = ['merge', 'strategic', 'json', 'apply', 'put'] as const;

describe('a write by a draft that shares with what is stored', () => {
  let scratch: ScratchRegistry;
  const standing: Array<{ fast: StoredResource; slow: StoredResource; object: Json; shared: () => KubeObject }> = [];

  beforeAll(async () => {
    scratch = await openScratchRegistry();
    for (const [index, sample] of samples().entries()) {
      const service = serviceFor(sample);
      // Reviews have no names: they are answered, not stored.
      if (!service || !schema.has(service.definition.type) || !(sample.metadata as Json | undefined)?.name) continue;
      const body = conformObject(sample, expectedOf(service.definition));
      // They all had namespaces of their own.
      if (service.definition.namespaced) body.object.metadata = { ...body.object.metadata, name: `s-${index}` };
      try {
        const document = await service.create(
          service.definition.namespaced ? { namespace: 'x' } : {},
          body,
          asks({ fieldManager: 'creator' }),
        );
        const at = { namespace: document.object.metadata?.namespace, name: document.object.metadata?.name ?? '' };
        const shared = () => service.parts.collection.get(objectKey(at))!.object;
        deepFreeze(shared());
        const object = JSON.parse(document.text) as Json;
        standing.push({ fast: service, slow: sharingNothing(service, scratch), object, shared });
      } catch (error) {
        // A sample that needs something else to be there, or is there already.
        if (!(error instanceof Error && 'reason' in error)) throw error;
      }
    }
  }, 60_000);

  afterAll(() => scratch.close());

  function serviceFor({ apiVersion, kind }: Json): StoredResource | undefined {
    const [version = '', group = ''] = String(apiVersion).split('/').reverse();
    for (const served of scratch.registry.all()) {
      const { definition, service } = served;
      const fits = definition.group === group && definition.version === version && definition.kind === kind;
      if (fits && service instanceof StoredResource) return service;
    }
    return undefined;
  }

  it('has the outcome, or the refusal, of one that shares nothing, and writes into nothing that is shared', async () => {
    expect(standing.length).toBeGreaterThan(80);
    const taken = new Map<string, number>();
    const pick = fc.nat({ max: 9_999 });
    const property = fc.asyncProperty(
      pick,
      pick,
      fc.nat({ max: 11 }),
      fc.constantFrom(...ways),
      fc.constantFrom(undefined, 'status'),
      async (which, where, how, way, subresource) => {
        const { fast, slow, object, shared } = standing[which % standing.length]!;
        // Writing into it would throw.
        expect(isDeepFrozen(shared())).toBe(true);
        const change = changeOf(object, where, how);
        const [got, want] = await Promise.all(
          [fast, slow].map((service) => outcome(service, { object, change, way, subresource })),
        );
        expect(got).toEqual(want);
        const isTaken = 'rest' in got!;
        taken.set(`${way} ${isTaken}`, (taken.get(`${way} ${isTaken}`) ?? 0) + 1);
      },
    );
    await fc.assert(property, { numRuns: 600, seed: 20, endOnFailure: true });
    // Each way was taken often enough, and refused often enough, to have shown something.
    const seldom = ways.flatMap((way) =>
      [`${way} true`, `${way} false`].filter((one) => (taken.get(one) ?? 0) < timesMin),
    );
    expect(seldom).toEqual([]);
  }, 60_000);
});

/** The same resource by the way of kinds that are completed when they are shown: drafts are copies of the whole. */
function sharingNothing(service: StoredResource, { store }: ScratchRegistry): StoredResource {
  const definition = { ...service.definition, complete: (object: KubeObject) => structuredCloneOf(object) };
  return new StoredResource({ ...service.parts, definition, view: viewOf(definition) }, store);
}

function structuredCloneOf(object: KubeObject): KubeObject {
  return JSON.parse(JSON.stringify(object)) as KubeObject;
}

interface Attempt {
  readonly object: Json;
  readonly change: Change;
  readonly way: (typeof ways)[number];
  readonly subresource: string | undefined;
}

async function outcome(service: StoredResource, { object, change, way, subresource }: Attempt): Promise<object> {
  const { namespace, name } = object.metadata as { namespace?: string; name: string };
  const warnings: string[] = [];
  const request = asks({ dryRun: true, subresource, warn: (text) => void warnings.push(text) });
  const at = { namespace, name };
  const patch = (type: PatchRequest['type'], body: unknown) =>
    service.patch(at, { ...request, type, body, complaints: [], force: true });
  try {
    const { document } = await (way === 'put'
      ? service.update(at, conformObject(changed(object, change), expectedOf(service.definition)), request)
      : patch(way, patchBody(way, object, change)));
    const { metadata, ...rest } = JSON.parse(Buffer.from(document.text, 'latin1').toString()) as KubeObject;
    const managedFields = metadata?.managedFields?.map(({ time: _, ...entry }) => entry);
    return { rest, metadata: { ...metadata, managedFields }, warnings };
  } catch (error) {
    if (!(error instanceof Error && 'reason' in error)) throw error;
    const { message, reason, details } = error as Error & { reason: unknown; details: unknown };
    return { message, reason, details, warnings };
  }
}

function patchBody(way: Exclude<Attempt['way'], 'put'>, object: Json, change: Change): unknown {
  if (way !== 'apply' && way !== 'json') return nested(change);
  const { kind, apiVersion, metadata } = object;
  const { name } = metadata as { name: string };
  if (way === 'apply') return changed({ kind, apiVersion, metadata: { name } }, change);
  const { steps, value } = change;
  const path = `/${steps.map((step) => step.replaceAll('~', '~0').replaceAll('/', '~1')).join('/')}`;
  return [value === null ? { op: 'remove', path } : { op: 'add', path, value }];
}
