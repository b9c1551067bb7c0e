import { asks, bodyOf, deletes, openScratchRegistry, type ScratchRegistry } from '../../test/support/registry.ts';
import type { V1Pod } from '../api/gen/types.ts';

const configMap = (name: string, more: object = {}) => ({
  kind: 'ConfigMap',
  apiVersion: 'v1',
  metadata: { name, ...more },
});

const pod = (name: string, more: object = {}) => ({
  kind: 'Pod',
  apiVersion: 'v1',
  metadata: { name },
  spec: { containers: [{ name: 'c', image: 'i' }], ...more },
});

describe('the registry', () => {
  let scratch: ScratchRegistry;

  beforeEach(async () => {
    scratch = await openScratchRegistry();
  });

  afterEach(() => scratch.close());

  const create = (plural: string, object: object, more = {}) =>
    scratch.service(plural).create({ namespace: 'x' }, bodyOf(object), asks(more));
  const at = (name: string) => ({ namespace: 'x', name });

  describe('creating', () => {
    it('stamps what the server decides and can be read at once', async () => {
      const created = await create('configmaps', configMap('a'));
      const read = await scratch.service('configmaps').get(at('a'));
      expect(read).toBe(created);
      expect(read.object.metadata).toMatchObject({ name: 'a', namespace: 'x', resourceVersion: String(read.revision) });
      expect(read.object.metadata?.uid).toMatch(/^[0-9a-f-]{36}$/);
      expect(read.object.metadata?.creationTimestamp).toMatch(/Z$/);
    });

    const refusals: Array<{ name: string; plural: string; object: object; reason: string }> = [
      { name: 'a name that is taken', plural: 'configmaps', object: configMap('taken'), reason: 'AlreadyExists' },
      {
        name: 'a given resourceVersion',
        plural: 'configmaps',
        object: configMap('b', { resourceVersion: '1' }),
        reason: 'BadRequest',
      },
      {
        name: 'another namespace',
        plural: 'configmaps',
        object: configMap('b', { namespace: 'y' }),
        reason: 'BadRequest',
      },
      { name: 'another kind', plural: 'configmaps', object: pod('p'), reason: 'BadRequest' },
      { name: 'a bad name', plural: 'configmaps', object: configMap('B_'), reason: 'Invalid' },
      {
        name: 'an account that does not exist',
        plural: 'pods',
        object: pod('p', { serviceAccountName: 'none' }),
        reason: 'Forbidden',
      },
    ];
    it.each(refusals)('refuses $name', async ({ plural, object, reason }) => {
      await create('configmaps', configMap('taken'));
      await expect(create(plural, object)).rejects.toMatchObject({ reason });
    });

    it('refuses a namespace that does not exist', async () => {
      const creation = scratch.service('configmaps').create({ namespace: 'none' }, bodyOf(configMap('a')), asks());
      await expect(creation).rejects.toMatchObject({ reason: 'NotFound', message: 'namespaces "none" not found' });
    });

    it('generates names', async () => {
      const documents = await Promise.all(
        Array.from({ length: 20 }, () => create('configmaps', configMap('', { generateName: 'gen-' }))),
      );
      const names = documents.map((document) => document.object.metadata?.name ?? '');
      expect(new Set(names).size).toBe(20);
      expect(names.every((name) => /^gen-[a-z0-9]{5}$/.test(name))).toBe(true);
    });

    it('leaves nothing behind when it runs dry', async () => {
      const shown = await create('configmaps', configMap('dry'), { dryRun: true });
      expect(shown.object.metadata?.uid).toBeDefined();
      expect(shown.object.metadata?.resourceVersion).toBeUndefined();
      await expect(scratch.service('configmaps').get(at('dry'))).rejects.toMatchObject({ reason: 'NotFound' });
    });
  });

  describe('updating', () => {
    it('refuses a version that is not the newest, and retries when none is given', async () => {
      const { object } = await create('configmaps', configMap('a'));
      const service = scratch.service('configmaps');
      const body = (more: object) => bodyOf({ ...object, metadata: { ...object.metadata, ...more } });
      await service.update(at('a'), body({ labels: { n: '1' } }), asks());
      await expect(service.update(at('a'), body({ labels: { n: '2' } }), asks())).rejects.toMatchObject({
        reason: 'Conflict',
      });
      const unguarded = Array.from({ length: 8 }, (_, index) =>
        service.update(at('a'), body({ resourceVersion: undefined, labels: { n: String(index) } }), asks()),
      );
      await expect(Promise.all(unguarded)).resolves.toHaveLength(8);
    });

    it('gives an empty list to who says it, and keeps it as none', async () => {
      const role = { kind: 'Role', apiVersion: 'rbac.authorization.k8s.io/v1', metadata: { name: 'r' }, rules: [] };
      const service = scratch.service('rbac.authorization.k8s.io/v1/roles');
      const made = await service.create({ namespace: 'x' }, bodyOf(role), asks());
      expect(made.object).toMatchObject({ rules: null });
      expect(made.object.metadata?.managedFields?.[0]?.fieldsV1).toEqual({ 'f:rules': {} });
      const put = await service.update(at('r'), bodyOf({ ...made.object, rules: [] }), asks());
      expect(put.document.revision).toBe(made.revision);
    });

    it('does so one below the top as well', async () => {
      const range = { kind: 'LimitRange', apiVersion: 'v1', metadata: { name: 'l' }, spec: { limits: [] } };
      const { object } = await scratch.service('limitranges').create({ namespace: 'x' }, bodyOf(range), asks());
      expect(object).toMatchObject({ spec: { limits: null } });
      expect(object.metadata?.managedFields?.[0]?.fieldsV1).toEqual({ 'f:spec': { 'f:limits': {} } });
    });

    it('writes nothing when nothing changes', async () => {
      const { object, revision } = await create('configmaps', configMap('a'));
      const answer = await scratch.service('configmaps').update(at('a'), bodyOf(object), asks());
      expect(answer.document.revision).toBe(revision);
    });

    it('loses no patch of many at once', async () => {
      await create('configmaps', configMap('a'));
      const patches = Array.from({ length: 10 }, (_, index) =>
        scratch.service('configmaps').patch(at('a'), {
          ...asks(),
          type: 'merge',
          body: { data: { [`k${index}`]: 'v' } },
          complaints: [],
          force: false,
        }),
      );
      await Promise.all(patches);
      const { object } = await scratch.service('configmaps').get(at('a'));
      expect(Object.keys((object as { data?: object }).data ?? {})).toHaveLength(10);
    });

    it('lets a subresource change its part alone, and nobody own the rest by it', async () => {
      const service = scratch.service('pods');
      const { object } = await create('pods', pod('p'));
      const containers = [{ ...(object as V1Pod).spec?.containers[0], image: 'other' }];
      const ephemeralContainers = [{ name: 'debug', image: 'i' }];
      const wanted = {
        ...object,
        metadata: { name: 'p', labels: { a: 'b' } },
        spec: { containers, ephemeralContainers },
      };
      const { document } = await service.update(
        at('p'),
        bodyOf(wanted),
        asks({ subresource: 'ephemeralcontainers', fieldManager: 'visitor' }),
      );
      const { metadata, spec } = document.object as V1Pod;
      expect(metadata).toMatchObject({ generation: 2 });
      expect(metadata?.labels).toBeUndefined();
      expect(spec?.containers[0]?.image).toBe('i');
      expect(spec?.ephemeralContainers?.map(({ name }) => name)).toEqual(['debug']);
      const owned = metadata?.managedFields?.find(({ manager }) => manager === 'visitor')?.fieldsV1;
      expect(Object.keys(owned ?? {})).toEqual(['f:spec']);
      expect(Object.keys((owned as { 'f:spec': object })['f:spec'])).toEqual(['f:ephemeralContainers']);
    });

    it('counts generations of the specification only, and keeps status and specification apart', async () => {
      const service = scratch.service('pods');
      const { object } = await create('pods', pod('p'));
      const created = object as V1Pod;
      const status = { ...created, status: { phase: 'Running' }, spec: { ...created.spec, nodeName: 'n' } };
      const written = await service.update(at('p'), bodyOf(status), asks({ subresource: 'status' }));
      const shown = written.document.object as V1Pod;
      expect([shown.status?.phase, shown.spec?.nodeName, shown.metadata?.generation]).toEqual([
        'Running',
        undefined,
        1,
      ]);
    });
  });

  describe('deleting', () => {
    it('waits for finalizers', async () => {
      const service = scratch.service('configmaps');
      await create('configmaps', configMap('a', { finalizers: ['example.org/f'] }));
      const { document } = await service.delete(at('a'), deletes());
      expect(document?.object.metadata?.deletionTimestamp).toBeDefined();
      const { object } = await service.get(at('a'));
      const freed = { ...object, metadata: { ...object.metadata, finalizers: undefined } };
      await service.update(at('a'), bodyOf(freed), asks());
      await expect(service.get(at('a'))).rejects.toMatchObject({ reason: 'NotFound' });
    });

    const preconditions = [{ uid: 'other' }, { resourceVersion: '1' }];
    it.each(preconditions)('respects the precondition %j', async (precondition) => {
      await create('configmaps', configMap('a'));
      const deletion = scratch.service('configmaps').delete(at('a'), deletes({ preconditions: precondition }));
      await expect(deletion).rejects.toMatchObject({ reason: 'Conflict' });
    });

    it('gives pods on a node their time, and shortens it', async () => {
      const service = scratch.service('pods');
      await create('pods', pod('p', { nodeName: 'n' }));
      const first = await service.delete(at('p'), deletes());
      expect(first.document?.object.metadata?.deletionGracePeriodSeconds).toBe(30);
      const second = await service.delete(at('p'), deletes({ gracePeriodSeconds: 5 }));
      expect(second.document?.object.metadata?.deletionGracePeriodSeconds).toBe(5);
      await service.delete(at('p'), deletes({ gracePeriodSeconds: 0 }));
      await expect(service.get(at('p'))).rejects.toMatchObject({ reason: 'NotFound' });
    });

    it('lets pods without a node go at once', async () => {
      await create('pods', pod('p'));
      await scratch.service('pods').delete(at('p'), deletes());
      await expect(scratch.service('pods').get(at('p'))).rejects.toMatchObject({ reason: 'NotFound' });
    });

    const policies = [
      { propagationPolicy: 'Foreground', finalizer: 'foregroundDeletion' },
      { propagationPolicy: 'Orphan', finalizer: 'orphan' },
    ] as const;
    it.each(policies)('marks for $propagationPolicy', async ({ propagationPolicy, finalizer }) => {
      await create('configmaps', configMap('a'));
      const { document } = await scratch.service('configmaps').delete(at('a'), deletes({ propagationPolicy }));
      expect(document?.object.metadata?.finalizers).toEqual([finalizer]);
      const again = create('configmaps', configMap('a'));
      await expect(again).rejects.toThrow('object is being deleted: configmaps "a" already exists');
    });

    it('puts the texts of a secret into its data, whatever stands there', async () => {
      const secret = (text: string) => ({
        kind: 'Secret',
        apiVersion: 'v1',
        metadata: { name: 'texts' },
        stringData: { a: text },
      });
      const service = scratch.service('secrets');
      const { object: first } = await create('secrets', secret('b'));
      const patch = { type: 'merge', body: { stringData: { a: 'c' } }, complaints: [], force: false } as const;
      const { document } = await service.patch(at('texts'), { ...asks(), ...patch });
      expect(document.object).toMatchObject({ data: { a: 'Yw==' } });
      expect(first).toMatchObject({ data: { a: 'Yg==' } });
    });

    it('says once of a collection of jobs that their pods stay', async () => {
      const warned: string[] = [];
      const request = { ...deletes(), warn: (text: string) => void warned.push(text) };
      const path = 'batch/v1/jobs';
      await scratch.service(path).deleteCollection({ namespace: 'x' }, request);
      expect(warned).toHaveLength(1);
      await scratch.service(path).deleteCollection({ namespace: 'x' }, { ...request, propagationPolicy: 'Background' });
      expect(warned).toHaveLength(1);
    });

    it('closes a namespace to new objects, until it is finalized', async () => {
      const namespaces = scratch.service('namespaces');
      await namespaces.delete({ name: 'x' }, deletes());
      await expect(create('configmaps', configMap('late'))).rejects.toMatchObject({ reason: 'Forbidden' });
      const { object } = await namespaces.get({ name: 'x' });
      const finalize = (finalizers: string[], fieldManager: string) => {
        const body = bodyOf({
          ...object,
          metadata: { ...object.metadata, resourceVersion: undefined },
          spec: { finalizers },
        });
        return namespaces.update({ name: 'x' }, body, { ...asks({ subresource: 'finalize' }), fieldManager });
      };
      const { document } = await finalize(['kubernetes', 'example.org/f'], 'keeper');
      const entry = expect.objectContaining({ manager: 'keeper', subresource: 'finalize' });
      expect(document.object.metadata?.managedFields).toContainEqual(entry);
      await finalize([], 'keeper');
      await expect(namespaces.get({ name: 'x' })).rejects.toMatchObject({ reason: 'NotFound' });
    });
  });
});
