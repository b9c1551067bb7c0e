import { containerdConfig, mayLowerOomScore } from './containerd-config.ts';
import { nodeLayout } from './layout.ts';

describe('containerd', () => {
  const options = {
    layout: nodeLayout('/h', '/r'),
    sandboxImage: 'pause',
    registryDirectory: '/reg',
    cniBinDir: '/cni',
    mayLowerOomScore: false,
    snapshotter: 'overlayfs' as const,
  };
  it('shares no path with another instance', () => {
    const text = containerdConfig(options);
    const paths = [...text.matchAll(/"(\/[^"]*)"/g)].map((match) => match[1]!);
    for (const path of paths) expect(path).toMatch(/^\/(h|r|reg|cni)\b/);
  });
  it.each([
    ['CapEff:\t000001fffeffffff', false],
    ['CapEff:\t000001ffffffffff', true],
  ])('reads %s', (status, may) => {
    expect(mayLowerOomScore(`Name:\tx\n${status}\n`)).toBe(may);
    expect(containerdConfig({ ...options, mayLowerOomScore: may })).toContain(`restrict_oom_score_adj = ${!may}`);
  });
});
