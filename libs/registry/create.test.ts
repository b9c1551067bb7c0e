import { asks, bodyOf, openScratchRegistry, type ScratchRegistry } from '../../test/support/registry.ts';

describe('creating an object that claims a version or a name', () => {
  let scratch: ScratchRegistry;

  beforeAll(async () => {
    scratch = await openScratchRegistry();
  });

  afterAll(() => scratch.close());

  const cases: Array<[string, Record<string, string>, string, object]> = [
    ['is refused', { b: '1' }, 'x', { reason: 'BadRequest', message: expect.stringContaining('resourceVersion') }],
    ['is refused for other faults first', { 'b c': '1' }, 'x', { reason: 'Invalid' }],
    ['is refused by admission first', { b: '1' }, 'nowhere', { reason: 'NotFound' }],
  ];
  it.each(cases)('%s', async (_, data, namespace, refusal) => {
    const metadata = { name: 'a', resourceVersion: '5' };
    const body = bodyOf({ apiVersion: 'v1', kind: 'ConfigMap', metadata, data });
    await expect(scratch.service('configmaps').create({ namespace }, body, asks())).rejects.toMatchObject(refusal);
  });

  it('that asks for a generated name besides is told to try again where its name is taken', async () => {
    const metadata = { name: 'taken', generateName: 'gen-' };
    const create = () =>
      scratch.service('configmaps').create({ namespace: 'x' }, bodyOf({ kind: 'ConfigMap', metadata }), asks());
    await create();
    await expect(create()).rejects.toMatchObject({ reason: 'AlreadyExists', details: { retryAfterSeconds: 1 } });
  });
});
