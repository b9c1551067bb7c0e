import { at, LinkBench, type ServerBody } from '../../../test/support/link-bench.ts';

let bench: LinkBench;

beforeEach(() => {
  bench = new LinkBench();
});
afterEach(() => bench.link.close());

const acknowledge = (...sequences: number[]): ServerBody => ({ $case: 'acknowledgement', value: { sequences } });

describe('reports', () => {
  it('are sent until acknowledged, through lost bench.connections, the newest only', async () => {
    bench.begin();
    bench.link.reportPodStatus({ at: at('a'), uid: 'a', status: { phase: 'Pending' } });
    bench.link.reportPodStatus({ at: at('b'), uid: 'b', status: { phase: 'Running' } });
    bench.last.say(acknowledge(bench.last.of('podStatus')[1]!.sequence));
    bench.last.break();
    bench.link.reportPodStatus({ at: at('a'), uid: 'a', status: { phase: 'Running' } });
    await bench.clock.advance(200);
    bench.last.welcome();
    const sent = bench.last.of('podStatus');
    expect(sent.map((report) => [report.name, JSON.parse(report.status.toString()).phase])).toEqual([['a', 'Running']]);
  });

  it('are not forgotten when an older one of the same pod is acknowledged', async () => {
    bench.begin();
    bench.link.reportPodStatus({ at: at('a'), uid: 'a', status: { phase: 'Pending' } });
    const [first] = bench.last.of('podStatus');
    bench.link.reportPodStatus({ at: at('a'), uid: 'a', status: { phase: 'Running' } });
    bench.last.say(acknowledge(first!.sequence));
    bench.last.break();
    await bench.clock.advance(200);
    bench.last.welcome();
    expect(bench.last.of('podStatus')).toHaveLength(1);
  });

  it('wait, merged, while the connection has no room', () => {
    bench.begin();
    bench.last.room = false;
    bench.link.reportPodStatus({ at: at('x'), uid: 'x', status: {} });
    for (let change = 0; change < 1_000; change++) {
      bench.link.reportPodStatus({ at: at('a'), uid: 'a', status: { message: String(change) } });
    }
    expect(bench.last.of('podStatus')).toHaveLength(1);
    bench.last.makeRoom();
    expect(bench.last.of('podStatus').map((report) => report.name)).toEqual(['x', 'a']);
    expect(bench.last.of('podStatus')[1]!.status.toString()).toContain('999');
  });

  it('of events are bounded: the oldest give way', async () => {
    bench.link.reportNodeStatus({});
    for (let event = 0; event < 1_500; event++) {
      bench.link.recordEvent({ metadata: { namespace: 'default', name: `e${event}` }, involvedObject: {} });
    }
    bench.last.welcome();
    const sent = bench.last.of('event');
    expect(sent).toHaveLength(1_000);
    expect(sent[0]!.event.toString()).toContain('"e500"');
  });

  it('do not go out before the welcome', () => {
    bench.link.reportNodeStatus({});
    bench.link.reportPodStatus({ at: at('a'), uid: 'a', status: {} });
    expect(bench.last.of('podStatus')).toHaveLength(0);
  });
});
