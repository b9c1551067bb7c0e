import { complaintsOf, withValue } from '../../../../test/support/complaints.ts';
import type { V1Service } from '../../gen/types.ts';
import { services } from '../service.ts';

function plain(): V1Service {
  const service: V1Service = {
    metadata: { name: 's', namespace: 'ns', creationTimestamp: '2026-01-01T00:00:00Z' },
    spec: {
      selector: { app: 'x' },
      ports: [{ name: 'http', port: 80 }],
      clusterIP: '10.96.0.9',
      clusterIPs: ['10.96.0.9'],
      ipFamilies: ['IPv4'],
      ipFamilyPolicy: 'SingleStack',
    },
  };
  services.setDefaults?.(service);
  services.prepareForCreate?.(service);
  return service;
}

const created: ReadonlyArray<readonly [path: string, value: unknown, complaints: readonly string[]]> = [
  ['metadata.name', '-s', ['Invalid metadata.name']],
  ['spec.ports', [], ['Required spec.ports']],
  ['spec.ports.0.port', 70000, ['Invalid spec.ports[0].port']],
  ['spec.ports.0.protocol', 'X', ['NotSupported spec.ports[0].protocol']],
  ['spec.ports.0.targetPort', 'a_b', ['Invalid spec.ports[0].targetPort']],
  ['spec.sessionAffinity', 'X', ['NotSupported spec.sessionAffinity']],
  ['spec.type', 'X', ['NotSupported spec.type']],
  ['spec.selector', { a: 'b c' }, ['Invalid spec.selector']],
  ['spec.ports.0.nodePort', 30000, ['Forbidden spec.ports[0].nodePort']],
];

describe('a service', () => {
  it('is fine as it is', () => expect(services.validate?.(plain())).toEqual([]));

  it.each(created)('is refused with %s %j', (path, value, complaints) => {
    expect(complaintsOf(services.validate?.(withValue(plain(), path, value)) ?? [])).toEqual(complaints);
  });

  it('gives items of one port number one node port, which two of one protocol cannot share', () => {
    const twice = [80, 53, 53].map((port, i) => ({ name: `p${i}`, port }));
    const node = withValue(withValue(plain(), 'spec.type', 'NodePort'), 'spec.externalTrafficPolicy', 'Cluster');
    const refused = ['Duplicate spec.ports[2].nodePort', 'Duplicate spec.ports[2]'];
    const found = services.validate?.(withValue(node, 'spec.ports', twice)) ?? [];
    expect(complaintsOf(found)).toEqual(expect.arrayContaining(refused));
    expect(found.find(({ field }) => field.endsWith('[2].nodePort'))?.message).toMatch(/^"53\/[^ ]+ stands here twice/);
    const plainPorts = services.validate?.(withValue(plain(), 'spec.ports', twice)) ?? [];
    expect(complaintsOf(plainPorts)).not.toContain(refused[0]);
  });

  it('keeps its address', () => {
    const moved = withValue(withValue(plain(), 'spec.clusterIP', '10.96.0.8'), 'spec.clusterIPs', ['10.96.0.8']);
    expect(complaintsOf(services.validateUpdate?.(moved, plain()) ?? [])).toEqual(['Invalid spec.clusterIPs[0]']);
  });
});
