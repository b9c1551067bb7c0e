import type { V1EndpointSlice, V1Service } from '../api/gen/types.ts';
import { computeServicePorts, type ServiceEndpoint } from './service-table.ts';

const service = (spec: V1Service['spec'], name = 'web'): V1Service => ({
  metadata: { namespace: 'default', name },
  spec,
});
const labelled = (one: V1Service, labels: Record<string, string>): V1Service => ({
  ...one,
  metadata: { ...one.metadata, labels },
});
const clusterIp = { clusterIP: '10.96.0.7', clusterIPs: ['10.96.0.7'], ports: [{ name: 'http', port: 80 }] };

function slice(
  endpoints: V1EndpointSlice['endpoints'],
  port = { name: 'http', port: 8080, protocol: 'TCP' },
): V1EndpointSlice {
  const labels = { 'kubernetes.io/service-name': 'web' };
  return { metadata: { namespace: 'default', name: 'web-1', labels }, addressType: 'IPv4', endpoints, ports: [port] };
}

function headless(one: V1EndpointSlice): V1EndpointSlice {
  const labels = { ...one.metadata?.labels, 'service.kubernetes.io/headless': '' };
  return { ...one, metadata: { ...one.metadata, labels } };
}

const at = (ip: string, conditions = {}, nodeName = 'n1') => ({ addresses: [ip], nodeName, conditions });
const ipsOf = (endpoints: readonly ServiceEndpoint[]) => endpoints.map(({ ip }) => ip);

describe('computeServicePorts', () => {
  const cases: Array<{ name: string; services: V1Service[]; slices: V1EndpointSlice[]; ips: string[][] }> = [
    {
      name: 'routes to ready endpoints in order',
      services: [service(clusterIp)],
      slices: [slice([at('10.244.1.2'), at('10.244.0.2')])],
      ips: [['10.244.0.2', '10.244.1.2']],
    },
    {
      name: 'leaves out endpoints that are not ready',
      services: [service(clusterIp)],
      slices: [slice([at('10.244.0.2', { ready: false })])],
      ips: [[]],
    },
    {
      name: 'falls back to serving endpoints that terminate',
      services: [service(clusterIp)],
      slices: [slice([at('10.244.0.2', { ready: false, serving: true, terminating: true })])],
      ips: [['10.244.0.2']],
    },
    {
      name: 'routes to endpoints that terminate but are published all the same',
      services: [service(clusterIp)],
      slices: [slice([at('10.244.0.2', { ready: true, serving: false, terminating: true })])],
      ips: [['10.244.0.2']],
    },
    { name: 'skips headless services', services: [service({ ...clusterIp, clusterIP: 'None' })], slices: [], ips: [] },
    ...['service-proxy-name', 'headless'].map((label) => ({
      name: `leaves services with the label ${label} to others`,
      services: [labelled(service(clusterIp), { [`service.kubernetes.io/${label}`]: 'other' })],
      slices: [slice([at('10.244.0.2')])],
      ips: [],
    })),
    {
      name: 'leaves slices that are labelled so to others',
      services: [service(clusterIp)],
      slices: [slice([at('10.244.0.2')]), headless(slice([at('10.244.0.3')]))],
      ips: [['10.244.0.2']],
    },
    {
      name: 'skips external names',
      services: [service({ type: 'ExternalName', externalName: 'example.org' })],
      slices: [],
      ips: [],
    },
    {
      name: 'takes only the port of the same name',
      services: [service(clusterIp)],
      slices: [slice([at('10.244.0.2')], { name: 'other', port: 1, protocol: 'TCP' })],
      ips: [[]],
    },
  ];
  it.each(cases)('$name', ({ services, slices, ips }) => {
    expect(computeServicePorts(services, slices, 'n1').map((port) => ipsOf(port.endpoints))).toEqual(ips);
  });

  const ending = { ready: false, serving: true, terminating: true };
  const external = { externalTrafficPolicy: 'Local' };
  const internal = { internalTrafficPolicy: 'Local' };
  const here = '10.244.0.2';
  const away = at('10.244.1.2', {}, 'n2');
  const own: Array<[string, object, V1EndpointSlice['endpoints'], string | undefined, string[]]> = [
    ['those on the node', external, [at(here), away], 'n1', [here]],
    ['its terminating ones while others are ready elsewhere', external, [at(here, ending), away], 'n1', [here]],
    ['so for traffic from inside', internal, [at(here, ending), away], 'n1', [here]],
    ['its ready ones before those', internal, [at(here), at('10.244.0.3', ending)], 'n1', [here]],
    ['none without one on the node', external, [away], 'n1', []],
    ['none when no policy asks', {}, [at(here), away], 'n1', []],
    ['none on a machine that is no node', external, [at(here), away], undefined, []],
  ];
  it.each(own)('takes as the node’s own: %s', (_, policy, endpoints, nodeName, ips) => {
    const [port] = computeServicePorts([service({ ...clusterIp, ...policy })], [slice(endpoints)], nodeName);
    expect(ipsOf(port!.localEndpoints)).toEqual(ips);
    const ready = endpoints!.filter(({ conditions }) => conditions?.ready !== false);
    expect(ipsOf(port!.endpoints)).toEqual(ready.map(({ addresses }) => addresses[0]));
  });

  it('carries affinity, policies and node ports', () => {
    const spec = {
      ...clusterIp,
      sessionAffinity: 'ClientIP',
      externalTrafficPolicy: 'Local',
      ports: [{ name: 'http', port: 80, nodePort: 30080 }],
    };
    expect(computeServicePorts([service(spec)], [], 'n1')[0]).toMatchObject({
      affinitySeconds: 10_800,
      externalLocalOnly: true,
      nodePort: 30080,
      protocol: 'tcp',
    });
  });
});
