import { PolicyBench } from '../../../test/support/policies.ts';

let bench: PolicyBench;

beforeEach(async () => {
  bench = await PolicyBench.open();
});

afterEach(() => bench.close());

describe('a mutating policy', () => {
  const apply = (expression: string) => ({ patchType: 'ApplyConfiguration', applyConfiguration: { expression } });
  const patch = (expression: string) => ({ patchType: 'JSONPatch', jsonPatch: { expression } });

  it.each<[string, object, object]>([
    [
      'puts a configuration over the object',
      apply("Object{metadata: Object.metadata{labels: {'by': 'policy'}}, data: {'more': object.data.size + '!'}}"),
      { metadata: { labels: { by: 'policy' } }, data: { size: 'large', more: 'large!' } },
    ],
    [
      'patches',
      patch(
        "[JSONPatch{op: 'test', path: '/data/size', value: 'large'}, JSONPatch{op: 'replace', path: '/data/size', value: 'small'}]",
      ),
      { data: { size: 'small' } },
    ],
    [
      'adds labels that have slashes',
      patch(
        "[JSONPatch{op: 'add', path: '/metadata/labels', value: {}}, JSONPatch{op: 'add', path: '/metadata/labels/' + jsonpatch.escapeKey('a/b'), value: 'c'}]",
      ),
      { metadata: { labels: { 'a/b': 'c' } } },
    ],
    [
      'may leave the object as it is',
      patch("has(object.data.none) ? [JSONPatch{op: 'remove', path: '/data'}] : []"),
      { data: { size: 'large' } },
    ],
  ])('%s', async (_what, mutation, expected) => {
    await bench.addMutating('m', mutation);
    const { object, error } = await bench.write('a', { size: 'large' });
    expect(error).toBeUndefined();
    expect(object).toMatchObject(expected);
  });

  it.each<[string, object, string]>([
    ['a test of a patch fails', patch("[JSONPatch{op: 'test', path: '/data/size', value: 'x'}]"), 'JSON Patch: '],
    [
      'it makes something else',
      apply('Object{metadata: Object.spec{}}'),
      'unexpected type name "Object.spec", expected "Object.metadata"',
    ],
    ['it cannot decide', apply('Object{data: {"a": object.data.none}}'), 'no such key: none'],
  ])('refuses when %s', async (_what, mutation, why) => {
    await bench.addMutating('m', mutation);
    const { error } = await bench.write('a', { size: 'large' });
    expect(error).toMatchObject({
      reason: 'Invalid',
      message: expect.stringContaining("policy 'm' with binding 'm' denied request: "),
    });
    expect(error?.message).toContain(why);
  });

  it('looks again when another has changed the object after it, if it wishes to', async () => {
    const count = (key: string) =>
      patch(
        `[JSONPatch{op: 'add', path: '/data/${key}', value: has(object.data.${key}) ? object.data.${key} + 'I' : 'I'}]`,
      );
    await bench.addMutating('a', count('again'), { reinvocationPolicy: 'IfNeeded' });
    await bench.addMutating('b', count('once'), { reinvocationPolicy: 'Never' });
    const { object } = await bench.write('a', { size: 'large' });
    expect(object?.data).toMatchObject({ again: 'II', once: 'I' });
  });

  it('has its changes validated', async () => {
    await bench.addMutating('m', patch("[JSONPatch{op: 'replace', path: '/data/size', value: 'small'}]"));
    await bench.addValidating({ validations: [{ expression: "object.data.size == 'small'" }] });
    expect((await bench.write('a', { size: 'large' })).object?.data).toEqual({ size: 'small' });
  });
});
