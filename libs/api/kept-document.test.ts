import { keptDocument, MadeOnce } from './kept-document.ts';

describe('what is made once', () => {
  const [a, b] = [{ name: 'a' }, { name: 'b' }];
  it.each<[string, readonly unknown[], number]>([
    ['the same sources', [a, b], 1],
    ['one source more', [a, b, a], 2],
    ['one source fewer', [a], 2],
    ['others that look the same', [a, { ...b }], 2],
    ['another order', [b, a], 2],
  ])('is made of %s: %j takes %i', (_, sources, times) => {
    let made = 0;
    const once = new MadeOnce<number>();
    once.of([a, b], () => ++made);
    expect(once.of(sources, () => ++made)).toBe(times);
    expect(made).toBe(times);
  });

  it('is made again when making it failed', () => {
    const once = new MadeOnce<string>();
    const fail = () => {
      throw new Error('not yet');
    };
    expect(() => once.of([a], fail)).toThrow('not yet');
    expect(once.of([a], () => 'made')).toBe('made');
  });
});

describe('what is promised once', () => {
  const source = { name: 'a' };
  const later = <T>(value: T) => new Promise<T>((resolve) => setImmediate(resolve, value));
  const failing = () => Promise.reject(new Error('not yet'));

  it('is one promise for all who ask meanwhile', () => {
    const once = new MadeOnce<Promise<string>>();
    const made = once.of([source], () => later('made'));
    expect(once.of([source], failing)).toBe(made);
  });

  it('is made again when the promise was not kept', async () => {
    const once = new MadeOnce<Promise<string>>();
    await expect(once.of([source], failing)).rejects.toThrow('not yet');
    await expect(once.of([source], () => later('made'))).resolves.toBe('made');
  });

  it('stays when that of former sources is not kept', async () => {
    const once = new MadeOnce<Promise<string>>();
    const former = once.of([], failing);
    const made = once.of([source], () => later('made'));
    await expect(former).rejects.toThrow('not yet');
    expect(once.of([source], failing)).toBe(made);
  });
});

it('names documents by what they say', () => {
  const [one, same, other] = ['{}', '{}', '[]'].map((text) => keptDocument(Buffer.from(text)).hash);
  expect(same).toBe(one);
  expect(other).not.toBe(one);
  expect(one).toMatch(/^[0-9A-F]{128}$/);
});
