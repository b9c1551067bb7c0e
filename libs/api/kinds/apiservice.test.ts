import { complaintsOf, withValue } from '../../../test/support/complaints.ts';
import type { V1APIService } from '../gen/types.ts';
import { apiservices } from './apiservice.ts';

function plain(): V1APIService {
  const service: V1APIService = {
    metadata: { name: 'v1.example.org', creationTimestamp: '2026-01-01T00:00:00Z' },
    spec: {
      group: 'example.org',
      version: 'v1',
      groupPriorityMinimum: 100,
      versionPriority: 100,
      insecureSkipTLSVerify: true,
      service: { name: 's', namespace: 'n' },
    },
  };
  apiservices.setDefaults?.(service);
  return service;
}

const refused: ReadonlyArray<readonly [path: string, value: unknown, complaints: readonly string[]]> = [
  ['metadata.name', 'v2.example.org', ['Invalid metadata.name']],
  ['spec.service.port', 0, ['Invalid spec.service.port']],
  ['spec.service.name', '', ['Required spec.service.name']],
  ['spec.service', undefined, ['Invalid spec.insecureSkipTLSVerify']],
  ['spec.caBundle', 'eA==', ['Invalid spec.insecureSkipTLSVerify']],
  ['spec.groupPriorityMinimum', 0, ['Invalid spec.groupPriorityMinimum']],
  ['spec.versionPriority', 1001, ['Invalid spec.versionPriority']],
];

describe('an API service', () => {
  it('is fine as it is', () => expect(apiservices.validate?.(plain())).toEqual([]));

  it.each(refused)('is refused with %s %j, new and changed', (path, value, complaints) => {
    const changed = withValue(plain(), path, value);
    expect(complaintsOf(apiservices.validate?.(changed) ?? [])).toEqual(complaints);
    expect(complaintsOf(apiservices.validateUpdate?.(changed, plain()) ?? [])).toEqual(
      expect.arrayContaining([...complaints]),
    );
  });

  it('has a group without a name in v1 only', () => {
    const core = withValue(withValue(plain(), 'spec.group', ''), 'metadata.name', 'v1.');
    expect(complaintsOf(apiservices.validate?.(core) ?? [])).toEqual([]);
    const other = withValue(withValue(core, 'spec.version', 'v2'), 'metadata.name', 'v2.');
    expect(complaintsOf(apiservices.validate?.(other) ?? [])).toEqual(['Required spec.group']);
  });

  it('has conditions of three states', () => {
    const odd = withValue(plain(), 'status', { conditions: [{ type: 'Available', status: 'Odd' }] });
    expect(complaintsOf(apiservices.validateStatusUpdate?.(odd, plain()) ?? [])).toEqual([
      'NotSupported status.conditions[0].status',
    ]);
  });
});
