import { type HealthCheck, healthAnswer, healthMetrics } from './health.ts';

const well: HealthCheck = { name: 'well', check: async () => {} };
const ill: HealthCheck = { name: 'ill', check: () => Promise.reject(new Error('secret')) };

const slashed: HealthCheck = { ...well, name: 'poststarthook/slashed' };
const readyOnly: HealthCheck = { ...well, name: 'late', endpoints: ['readyz'] };

describe('health', () => {
  const cases: Array<[string, readonly HealthCheck[], number, string]> = [
    ['/livez', [well], 200, 'ok'],
    ['/livez?verbose', [well], 200, '[+]well ok\nlivez check passed\n'],
    ['/readyz', [well, ill], 500, '[+]well ok\n[-]ill failed: reason withheld\nreadyz check failed\n'],
    ['/readyz?exclude=ill&verbose', [well, ill], 200, '[+]well ok\n[+]ill excluded: ok\nreadyz check passed\n'],
    [
      '/readyz?exclude=b&exclude=a',
      [well, ill],
      500,
      '[+]well ok\n[-]ill failed: reason withheld\nwarn: some health checks cannot be excluded: no matches for "a","b"\nreadyz check failed\n',
    ],
    ['/healthz/poststarthook/slashed', [slashed], 200, 'ok'],
    ['/healthz?verbose', [well, readyOnly], 200, '[+]well ok\nhealthz check passed\n'],
    ['/readyz/late', [well, readyOnly], 200, 'ok'],
    ['/healthz/well', [well, ill], 200, 'ok'],
    ['/healthz/ill', [well, ill], 500, '[-]ill failed: reason withheld\n'],
  ];
  it.each(cases)('at %s', async (url, checks, code, text) => {
    const { pathname, searchParams } = new URL(url, 'https://server');
    expect(await healthAnswer(pathname, searchParams, checks)).toEqual({ code, text });
  });

  it.each(['/livez/none', '/livez/', '/livez/well/', '/livez/well/more', '/version'])('is not at %s', async (path) => {
    expect(await healthAnswer(path, new URLSearchParams(), [well])).toBeUndefined();
  });

  it('can be read as metrics', async () => {
    const samples = (await healthMetrics([well, ill])).split('\n').filter((line) => line.includes('type="livez"'));
    expect(samples).toEqual([
      'kubernetes_healthcheck{name="well",type="livez"} 1',
      'kubernetes_healthcheck{name="ill",type="livez"} 0',
    ]);
  });
});
