import { Document } from '../../libs/cache/document.ts';
import { Recent } from './recent.ts';

const documents = Array.from({ length: 5 }, (_, index) => Document.ofObject({ kind: `k${index}` } as never, index));

describe('Recent', () => {
  it('forgets what nobody has asked for while twice its bound was made', () => {
    const recent = new Recent<{ index: number }>(20, () => 10);
    const known = () => documents.flatMap((document) => recent.get(document)?.index ?? []);
    documents.slice(0, 2).forEach((document, index) => void recent.set(document, { index }));
    expect(known()).toEqual([0, 1]);
    recent.set(documents[2]!, { index: 2 });
    expect(recent.get(documents[1]!)).toEqual({ index: 1 });
    recent.set(documents[3]!, { index: 3 });
    recent.set(documents[4]!, { index: 4 });
    expect(recent.get(documents[0]!)).toBeUndefined();
    expect(recent.get(documents[1]!)).toEqual({ index: 1 });
  });
});
