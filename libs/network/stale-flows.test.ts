import { silentLogger } from '../base/log.ts';
import { CommandError } from './command.ts';
import type { ServicePort } from './service-table.ts';
import { losesEndpoints, StaleFlows, staleFlows } from './stale-flows.ts';

function port(endpoints: string[], change: Partial<ServicePort> = {}): ServicePort {
  return {
    ...{ key: 'ns/s:', protocol: 'udp', port: 53, nodePort: undefined, clusterIps: ['10.96.0.20'], externalIps: [] },
    endpoints: endpoints.map((ip) => ({ ip, port: 5353, nodeName: undefined })),
    ...{ localEndpoints: [], affinitySeconds: undefined, externalLocalOnly: false, internalLocalOnly: false },
    ...change,
  };
}

const flow = (destination: string, dport: number, endpoint: string, sport: number, mark = '[ASSURED] ') =>
  `udp      17 25 src=10.244.0.2 dst=${destination} sport=40000 dport=${dport} src=${endpoint} dst=10.244.0.2 sport=${sport} dport=40000 ${mark}mark=0 use=1`;
const dead = '10.244.1.9';
const alive = '10.244.1.8';

describe('staleFlows', () => {
  const gone = { destination: '10.96.0.20', port: '53', endpoint: dead };
  it.each<[string, string, ServicePort[], ServicePort[], object[]]>([
    ['an endpoint that has gone', flow('10.96.0.20', 53, dead, 5353), [port([alive])], [], [gone]],
    ['one without an answer yet', flow('10.96.0.20', 53, dead, 5353, '[UNREPLIED] '), [port([alive])], [], [gone]],
    ['one that is there', flow('10.96.0.20', 53, alive, 5353), [port([alive])], [], []],
    [
      'one that ends on this node, which a policy keeps to',
      flow('10.96.0.20', 53, dead, 5353),
      [port([alive], { localEndpoints: port([dead]).endpoints })],
      [],
      [],
    ],
    ['a service that has gone', flow('10.96.0.20', 53, dead, 5353), [], [port([dead])], [gone]],
    ['somebody else’s translation', flow('10.1.1.1', 53, dead, 5353), [port([alive])], [], []],
    ['no translation', flow('10.96.0.20', 53, '10.96.0.20', 53), [port([alive])], [], []],
    [
      'a node port',
      flow('192.0.2.1', 30_053, dead, 5353),
      [port([alive], { nodePort: 30_053 })],
      [],
      [{ destination: '192.0.2.1', port: '30053', endpoint: dead }],
    ],
    ['TCP', flow('10.96.0.20', 53, dead, 5353).replace('udp', 'tcp'), [port([alive])], [], []],
  ])('%s', (_, listing, after, before, expected) => {
    expect(staleFlows(`${listing}\n`, before, after)).toEqual(expected);
  });
});

describe('losesEndpoints', () => {
  it.each<[string, ServicePort[], ServicePort[], boolean]>([
    ['none', [port([alive])], [port([alive, dead])], false],
    ['one', [port([alive, dead])], [port([alive])], true],
    ['one of TCP', [port([dead], { protocol: 'tcp' })], [], false],
  ])('%s', (_, before, after, expected) => expect(losesEndpoints(before, after)).toBe(expected));
});

describe('flows', () => {
  function started(answer: (args: readonly string[]) => string) {
    const calls: string[] = [];
    const entries: string[] = [];
    const logger = { ...silentLogger, warn: (message: string) => void entries.push(message) };
    const run = async (program: string, args: readonly string[]) => {
      calls.push([program, ...args].join(' '));
      return answer(args);
    };
    return { flows: new StaleFlows({ run, logger }), calls, entries };
  }

  it('are forgotten when their endpoint goes, and looked at only then', async () => {
    const { flows, calls } = started(([what]) => (what === '-L' ? flow('10.96.0.20', 53, dead, 5353) : ''));
    await flows.applied([port([alive, dead])]);
    calls.length = 0;
    await flows.applied([port([alive, dead, '10.244.1.7'])]);
    expect(calls).toEqual([]);
    await flows.applied([port([alive])]);
    expect(calls).toEqual([
      'conntrack -L -p udp',
      `conntrack -D -p udp --orig-dst 10.96.0.20 --orig-port-dst 53 --reply-src ${dead}`,
    ]);
  });

  it('may have ended by themselves', async () => {
    const { flows, entries } = started(([what]) => {
      if (what === '-L') return flow('10.96.0.20', 53, dead, 5353);
      throw new CommandError('conntrack', 'conntrack v1.4.7 (conntrack-tools): 0 flow entries have been deleted.');
    });
    await flows.applied([port([alive])]);
    expect(entries).toEqual([]);
  });

  it('stay where the tool is missing, which is said once', async () => {
    const { flows, calls, entries } = started(() => {
      throw new CommandError('conntrack', 'spawn', { cause: Object.assign(new Error('spawn'), { code: 'ENOENT' }) });
    });
    await flows.applied([port([dead])]);
    await flows.applied([]);
    expect([calls.length, entries.length]).toEqual([1, 1]);
  });
});
