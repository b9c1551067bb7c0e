import { prometheusText } from './text.ts';

describe('prometheusText', () => {
  it('escapes labels and leaves out empty families', () => {
    const samples = [{ labels: { a: 'x"y\\z\n' }, value: 1.5 }];
    const text = prometheusText([
      { name: 'm', help: 'h', type: 'gauge', samples },
      { name: 'n', help: 'h', type: 'gauge', samples: [] },
    ]);
    expect(text).toBe('# HELP m h\n# TYPE m gauge\nm{a="x\\"y\\\\z\\n"} 1.5\n');
  });
});
