import { Histogram, Registry } from 'prom-client';
import { systemClock } from '../base/clock.ts';
import { createLogger } from './logger.ts';
import { createMetrics } from './metrics.ts';

const clock = { ...systemClock, now: () => Date.UTC(2026, 0, 2, 3, 4, 5, 6) };

function linesOf(run: (logger: ReturnType<typeof createLogger>) => void, format: 'json' | 'logfmt'): string[] {
  const lines: string[] = [];
  run(createLogger({ clock, format, write: (line) => lines.push(line) }));
  return lines;
}

describe('createLogger', () => {
  it('writes logfmt and quotes where needed', () => {
    const lines = linesOf(
      (logger) => logger.with({ pod: 'a/b' }).info('bound it', { node: 'n 1', n: 3, gone: undefined }),
      'logfmt',
    );
    expect(lines).toEqual(['time=2026-01-02T03:04:05.006Z level=info message="bound it" pod=a/b node="n 1" n=3\n']);
  });

  it('writes JSON, errors with their causes, and nothing below its level', () => {
    const lines = linesOf((logger) => {
      logger.debug('unseen');
      logger.error('failed', { error: new Error('outer', { cause: new Error('inner') }) });
    }, 'json');
    expect(lines).toHaveLength(1);
    const line = JSON.parse(lines[0]!);
    expect(line).toMatchObject({ level: 'error', message: 'failed' });
    expect(line.error).toMatch(/outer[\s\S]*caused by Error: inner/);
  });
});

describe('createMetrics', () => {
  it('counts under labels that cannot change as under others', async () => {
    const metrics = createMetrics({ withProcess: false });
    const counter = metrics.counter({ name: 'a_total', help: 'a', labels: ['x'] });
    const histogram = metrics.histogram({ name: 'a_seconds', help: 'a', labels: ['x'], buckets: [1] });
    for (const labels of [{ x: '1' }, Object.freeze({ x: '1' }), Object.freeze({ x: '1' })]) {
      counter.add(2, labels);
      histogram.observe(3, labels);
    }
    const text = await metrics.render();
    expect(text).toContain('a_total{x="1"} 6');
    expect(text).toContain('a_seconds_sum{x="1"} 9');
  });

  it('renders histograms line by line as prom-client does', async () => {
    const given = { name: 'h_seconds', help: 'Time.', buckets: [0.1, 1] };
    const theirs = new Histogram({ ...given, labelNames: ['a', 'b'], registers: [] });
    const metrics = createMetrics({ withProcess: false });
    const ours = metrics.histogram({ ...given, labels: ['a', 'b'] });
    for (const [labels, values] of [
      [{ a: 'x', b: '"\n\\' }, [0.05, 0.1, 0.5, 7]],
      [{ a: 'y' }, [1, 1.5]],
    ] as const) {
      for (const value of values) {
        theirs.observe(labels, value);
        ours.observe(value, labels);
      }
    }
    const registry = new Registry();
    registry.registerMetric(theirs);
    expect(await metrics.render()).toBe(await registry.metrics());
  });

  it('counts up between scrapes and never down', async () => {
    const metrics = createMetrics({ withProcess: false });
    const counter = metrics.counter({ name: 'x_total', help: 'x', labels: ['a'] });
    for (const total of [2, 4]) {
      counter.add(2, { a: 'b' });
      expect(await metrics.render()).toContain(`x_total{a="b"} ${total}`);
    }
    for (const amount of [-1, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => counter.add(amount, { a: 'b' })).toThrow(RangeError);
    }
    expect(await metrics.render()).toContain('x_total{a="b"} 4');
    expect(() => counter.add(1, { c: 'd' })).toThrow('no label c');
  });

  it('shows what has no labels before anything happens', async () => {
    const metrics = createMetrics({ withProcess: false });
    metrics.counter({ name: 'x_total', help: 'x' });
    metrics.histogram({ name: 'h_seconds', help: 'h', buckets: [1] });
    const text = await metrics.render();
    for (const line of ['x_total 0', 'h_seconds_bucket{le="+Inf"} 0', 'h_seconds_count 0'])
      expect(text).toContain(line);
  });

  it('renders counters, gauges, histograms, the process and the build', async () => {
    const metrics = createMetrics({ build: { program: 'berth-test', version: '1.2.3' } });
    metrics.counter({ name: 'x_total', help: 'x', labels: ['a'] }).add(2, { a: 'b' });
    metrics.counter({ name: 'x_total', help: 'x', labels: ['a'] }).add(1, { a: 'b' });
    metrics.gauge({ name: 'g', help: 'g', collect: (gauge) => gauge.set(7) });
    metrics.histogram({ name: 'h_seconds', help: 'h', buckets: [1, 2] }).observe(1.5);
    const text = await metrics.render();
    for (const line of [
      'x_total{a="b"} 3',
      'g 7',
      'h_seconds_bucket{le="1"} 0',
      'h_seconds_bucket{le="2"} 1',
      'h_seconds_count 1',
    ]) {
      expect(text).toContain(line);
    }
    expect(text).toMatch(/berth_build_info\{program="berth-test",version="1.2.3",commit="",node_version="v\d+.*"\} 1/);
    expect(text).toContain('process_resident_memory_bytes');
  });
});
