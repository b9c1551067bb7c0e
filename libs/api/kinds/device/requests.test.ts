import { complaintsOf, withValue } from '../../../../test/support/complaints.ts';
import type { ResourceV1ResourceClaim, V1DeviceClass } from '../../gen/types.ts';
import { deviceclasses, resourceclaims } from '../dynamicresource.ts';

const meta = { creationTimestamp: '2026-01-01T00:00:00Z' };

function claim(): ResourceV1ResourceClaim {
  const made = {
    metadata: { ...meta, name: 'c', namespace: 'ns' },
    spec: { devices: { requests: [{ name: 'r', exactly: { deviceClassName: 'd' } }] } },
  } as ResourceV1ResourceClaim;
  resourceclaims.setDefaults?.(made);
  return made;
}

function deviceClass(): V1DeviceClass {
  const opaque = { driver: 'a.b', parameters: {} };
  const cel = { expression: 'device.driver == "a.b"' };
  return { metadata: { ...meta, name: 'd' }, spec: { selectors: [{ cel }], config: [{ opaque }] } };
}

const requests = 'spec.devices.requests';
const one = { name: 'r', exactly: { deviceClassName: 'd', allocationMode: 'All' } };

describe('a claim of devices', () => {
  it('is fine as it is', () => expect(resourceclaims.validate?.(claim())).toEqual([]));

  it.each<[string, unknown, string[]]>([
    [`${requests}.0.name`, '', [`Invalid ${requests}[0].name`]],
    [`${requests}.0.exactly`, undefined, [`Required ${requests}[0]`]],
    [`${requests}.0.exactly.count`, -1, [`Invalid ${requests}[0].exactly.count`]],
    [`${requests}.0.exactly.allocationMode`, 'Odd', [`NotSupported ${requests}[0].exactly.allocationMode`]],
    [`${requests}.0.exactly.selectors`, [{}], [`Required ${requests}[0].exactly.selectors[0].cel`]],
    [requests, [one, one], [`Duplicate ${requests}[1]`]],
  ])('%s: %j', (path, value, complaints) => {
    expect(complaintsOf(resourceclaims.validate?.(withValue(claim(), path, value)) ?? [])).toEqual(complaints);
  });
});

describe('a class of devices', () => {
  it('is fine as it is', () => expect(deviceclasses.validate?.(deviceClass())).toEqual([]));

  it.each<[string, unknown, string[]]>([
    ['spec.selectors.0.cel', undefined, ['Required spec.selectors[0].cel']],
    ['spec.selectors.0.cel.expression', '', ['Invalid spec.selectors[0].cel.expression']],
    ['spec.config.0.opaque', undefined, ['Required spec.config[0].opaque']],
    ['spec.config.0.opaque.driver', 'A', ['Invalid spec.config[0].opaque.driver']],
    ['spec.config.0.opaque.parameters', undefined, ['Required spec.config[0].opaque.parameters']],
  ])('%s: %j', (path, value, complaints) => {
    expect(complaintsOf(deviceclasses.validate?.(withValue(deviceClass(), path, value)) ?? [])).toEqual(complaints);
  });
});
