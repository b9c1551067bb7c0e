import { type RuleOptions, renderRules } from './nft-rules.ts';
import type { ServicePort } from './service-table.ts';

const options: RuleOptions = {
  table: 'berth',
  clusterCidrs: ['10.244.0.0/16'],
  masqueradeCidrs: ['10.244.0.0/16'],
  masqueradeNodePorts: true,
};

const port = (changes: Partial<ServicePort> = {}): ServicePort => ({
  key: 'default/web:http',
  protocol: 'tcp',
  port: 80,
  nodePort: undefined,
  clusterIps: ['10.96.0.7'],
  externalIps: [],
  endpoints: [
    { ip: '10.244.0.2', port: 8080, nodeName: 'n1' },
    { ip: '10.244.1.2', port: 8080, nodeName: 'n2' },
  ],
  localEndpoints: [],
  affinitySeconds: undefined,
  externalLocalOnly: false,
  internalLocalOnly: false,
  ...changes,
});

const localEndpoints = [{ ip: '10.244.0.2', port: 8080, nodeName: 'n1' }];

const text = (...ports: ServicePort[]) => renderRules(ports, [], options).text;

describe('renderRules', () => {
  const cases: Array<{ name: string; ports: ServicePort[]; has: RegExp; hasNot?: RegExp }> = [
    {
      name: 'spreads over all endpoints',
      ports: [port()],
      has: /numgen random mod 2 map \{ 0 : 10\.244\.0\.2 \. 8080, 1 : 10\.244\.1\.2 \. 8080 \}/,
    },
    {
      name: 'refuses a service without endpoints',
      ports: [port({ endpoints: [] })],
      has: /set refused \{\n.*\n\s+elements = \{ 10\.96\.0\.7 \. tcp \. 80 \}/,
    },
    {
      name: 'keeps internal traffic local when asked',
      ports: [port({ internalLocalOnly: true, localEndpoints })],
      has: /mod 1 map \{ 0 : 10\.244\.0\.2/,
      hasNot: /mod 2/,
    },
    {
      name: 'refuses internal traffic without a local endpoint when asked to keep it local',
      ports: [port({ internalLocalOnly: true })],
      has: /set refused \{\n.*\n\s+elements = \{ 10\.96\.0\.7 \. tcp \. 80 \}/,
    },
    {
      name: 'hides clients of a node port',
      ports: [port({ nodePort: 30080 })],
      has: /tcp \. 30080 : goto svc-[0-9a-f]+-x/,
    },
    {
      name: 'shows clients to local endpoints',
      ports: [port({ nodePort: 30080, externalLocalOnly: true, localEndpoints })],
      has: /chain (svc-[0-9a-f]+)-x \{\n(.*\n){2} +goto \1-l\n +\}[\s\S]*tcp \. 30080 : goto \1-x/,
      hasNot: /^ *meta mark set/m,
    },
    {
      name: 'leads the node and its pods past the policy',
      ports: [port({ externalIps: ['192.0.2.9'], externalLocalOnly: true, localEndpoints })],
      has: /ip saddr 10\.244\.0\.0\/16 goto (svc-[0-9a-f]+)\n +fib saddr type local meta mark set .* goto \1\n[\s\S]*192\.0\.2\.9 \. tcp \. 80 : goto \1-x/,
    },
    {
      name: 'does so without a local endpoint too, and refuses others',
      ports: [port({ nodePort: 30080, externalLocalOnly: true })],
      has: /fib saddr type local .*\n +\}[\s\S]*30080 : goto svc-[0-9a-f]+-x[\s\S]*set refused-nodeports \{\n.*\n +elements = \{ tcp \. 30080 \}/,
    },
    {
      name: 'refuses all when there is no endpoint anywhere',
      ports: [port({ nodePort: 30080, externalLocalOnly: true, endpoints: [] })],
      has: /set refused-nodeports \{\n.*\n +elements = \{ tcp \. 30080 \}/,
      hasNot: /goto/,
    },
    { name: 'remembers clients', ports: [port({ affinitySeconds: 60 })], has: /flags dynamic,timeout; timeout 60s/ },
  ];
  it.each(cases)('$name', ({ ports, has, hasNot }) => {
    expect(text(...ports)).toMatch(has);
    if (hasNot) expect(text(...ports)).not.toMatch(hasNot);
  });

  it('keeps what still stands and deletes what has gone', () => {
    const first = renderRules([port({ affinitySeconds: 60 })], [], options);
    const second = renderRules([], [], options, first);
    expect(second.text).toMatch(/^flush table ip berth/);
    for (const name of first.chains) expect(second.text).toContain(`delete chain ip berth ${name}`);
    for (const name of first.sets) expect(second.text).toContain(`delete set ip berth ${name}`);
  });

  it('sends host ports to their pod', () => {
    const hostPort = {
      protocol: 'udp' as const,
      hostPort: 53,
      hostIp: '192.0.2.1',
      podIp: '10.244.0.9',
      containerPort: 5353,
    };
    expect(renderRules([], [hostPort], options).text).toContain(
      'ip daddr 192.0.2.1 udp dport 53 dnat ip to 10.244.0.9:5353',
    );
  });
});
