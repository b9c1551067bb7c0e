import { LinkBench } from '../../../test/support/link-bench.ts';

let bench: LinkBench;

beforeEach(() => {
  bench = new LinkBench();
});
afterEach(() => bench.link.close());

describe('dialling', () => {
  it('waits for the first node status and sends it with the Hello', () => {
    expect(bench.connections).toHaveLength(0);
    bench.begin();
    expect(JSON.parse(bench.last.of('hello')[0]!.node.toString())).toEqual({
      metadata: { name: 'n1' },
      status: { capacity: { cpu: '1' } },
    });
    expect(bench.link.connected).toBe(true);
  });

  it('tries again with growing delays that chance shortens', async () => {
    bench.link.reportNodeStatus({});
    const delays: number[] = [];
    for (let attempt = 1; attempt <= 8; attempt++) {
      bench.last.break();
      const since = bench.clock.monotonic();
      while (bench.connections.length === attempt) await bench.clock.advance(5);
      delays.push(bench.clock.monotonic() - since);
    }
    expect(delays[0]).toBeLessThanOrEqual(105);
    expect(Math.max(...delays)).toBeLessThanOrEqual(5_005);
    expect(Math.max(...delays)).toBeGreaterThan(2_000);
  });

  it('gives up a connection on which nothing is heard', async () => {
    bench.begin();
    const first = bench.last;
    await bench.clock.advance(7_000);
    expect(first.of('heartbeat').length).toBeGreaterThanOrEqual(3);
    expect(bench.link.connected).toBe(true);
    await bench.clock.advance(4_000);
    expect(first.open).toBe(false);
    await bench.clock.advance(200);
    expect(bench.connections).toHaveLength(2);
  });

  it('has more patience with a server that has yet to welcome it', async () => {
    bench.link.reportNodeStatus({});
    await bench.clock.advance(20_000);
    expect([bench.connections.length, bench.last.open]).toEqual([1, true]);
    await bench.clock.advance(15_000);
    expect(bench.connections.length).toBeGreaterThan(1);
  });

  it('keeps a connection on which heartbeats are answered', async () => {
    bench.begin();
    for (let beat = 0; beat < 10; beat++) {
      await bench.clock.advance(2_000);
      bench.last.say({ $case: 'heartbeat', value: { sequence: beat } });
    }
    expect(bench.connections).toHaveLength(1);
  });
});
