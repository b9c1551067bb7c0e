import { decodeContinuation, encodeContinuation } from './continuation.ts';

const token = (content: unknown) => Buffer.from(JSON.stringify(content)).toString('base64url');

describe('continue tokens', () => {
  it.each([1, 4096, Number.MAX_SAFE_INTEGER])('name the state of revision %d', (revision) => {
    expect(decodeContinuation(encodeContinuation({ revision, after: 'x/a' }))).toEqual({ revision, after: 'x/a' });
  });

  it('expire with the servers that counted revisions in another way, and tell how to go on', () => {
    let thrown: { toStatus(): { metadata: { continue?: string } } } | undefined;
    try {
      decodeContinuation(token({ v: 'berth/v1', rv: 7, after: 'x/a' }));
    } catch (error) {
      thrown = error as typeof thrown;
    }
    expect(thrown).toMatchObject({ reason: 'Expired', code: 410 });
    const { continue: next } = thrown!.toStatus().metadata;
    expect(decodeContinuation(next!)).toEqual({ revision: 0, after: 'x/a' });
  });

  const refused: Array<[string, string]> = [
    ['what is not JSON', 'bm90IGpzb24'],
    ['null', token(null)],
    ['another version', token({ v: 'v1', rv: 7, after: '' })],
    ['no number', token({ v: 'berth/v2', rv: '7', after: '' })],
    ['no key', token({ v: 'berth/v2', rv: 7 })],
  ];
  it.each(refused)('refuse %s', (_, text) => {
    expect(() => decodeContinuation(text)).toThrow('continue key is not valid');
  });
});
