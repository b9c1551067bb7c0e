import { WatchChunks } from './watch-chunks.ts';

const frame = (text: string) => Buffer.from(text);

describe('WatchChunks', () => {
  const cases = [
    { frames: ['{"a":1}\n'], framed: false, bytes: '{"a":1}\n' },
    { frames: ['{"a":1}\n', '{"b":"é"}\n'], framed: false, bytes: '{"a":1}\n{"b":"é"}\n' },
    { frames: ['{"a":1}\n'], framed: true, bytes: '8\r\n{"a":1}\n\r\n' },
    { frames: ['{"a":1}\n', '{"b":"é"}\n'], framed: true, bytes: '13\r\n{"a":1}\n{"b":"é"}\n\r\n' },
  ];
  it.each(cases)('joins $frames (framed: $framed)', ({ frames, framed, bytes }) => {
    expect(new WatchChunks().of(frames.map(frame), framed).toString()).toBe(bytes);
  });

  it('joins the same frames once within a pass', () => {
    const chunks = new WatchChunks();
    const [a, b] = [frame('a'), frame('b')];
    const first = chunks.of([a, b], true);
    expect(chunks.of([a, b], true)).toBe(first);
    expect(chunks.of([b, a], true)).not.toBe(first);
    expect(chunks.of([a, b], false).toString()).toBe('ab');
    chunks.clear();
    expect(chunks.of([a, b], true)).not.toBe(first);
  });
});
