import { asks, bodyOf, openScratchRegistry, type ScratchRegistry } from '../../test/support/registry.ts';

describe('creating an object that claims a version', () => {
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
});
