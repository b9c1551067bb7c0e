import { complaintsOf, withValue } from '../../../../test/support/complaints.ts';
import type { ResourceV1ResourceClaim, V1DeviceClass } from '../../gen/types.ts';
import { deviceclasses, resourceclaims } from '../dynamicresource.ts';

const meta = { creationTimestamp: '2026-01-01T00:00:00Z' };

function claim(): ResourceV1ResourceClaim {
  const made = {
    metadata: { ...meta, name: 'c', namespace: 'ns' },
    spec: {
      devices: {
        requests: [{ name: 'r', exactly: { deviceClassName: 'd', tolerations: [{ key: 'a', value: 'b' }] } }],
      },
    },
  } as ResourceV1ResourceClaim;
  resourceclaims.setDefaults?.(made);
  return made;
}

function deviceClass(): V1DeviceClass {
  const cel = { expression: 'device.driver == "a.b"' };
  return { metadata: { ...meta, name: 'd' }, spec: { selectors: [{ cel }], config: [{ opaque }] } };
}

const requests = 'spec.devices.requests';
const toleration = `${requests}[0].exactly.tolerations[0]`;
const tolerations = `${requests}.0.exactly.tolerations`;
const opaque = { driver: 'a.b', parameters: {} };
const twice = (complaint: string) => [complaint, complaint];
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
    [requests, Array(33).fill(one), [`TooMany ${requests}`]],
    [`${requests}.0`, { name: 'r', firstAvailable: Array(9).fill({}) }, [`TooMany ${requests}[0].firstAvailable`]],
    [`${tolerations}.0.operator`, 'Odd', [`NotSupported ${toleration}.operator`]],
    [`${tolerations}.0.operator`, 'Exists', [`Invalid ${toleration}.value`]],
    [`${tolerations}.0.value`, 'a b', [`Invalid ${toleration}.value`]],
    [`${tolerations}.0.key`, 'a b', [`Invalid ${toleration}.key`]],
    [`${tolerations}.0.effect`, 'Odd', [`NotSupported ${toleration}.effect`]],
    ['spec.devices.constraints', [{}], ['Required spec.devices.constraints[0]']],
    ['spec.devices.constraints', [{ matchAttribute: 'a.b/c' }], []],
    ['spec.devices.constraints', [{ requests: ['r'], distinctAttribute: 'a.b/c' }], []],
    ['spec.devices.constraints', [{ matchAttribute: 'c' }], ['Invalid spec.devices.constraints[0].matchAttribute']],
    [
      'spec.devices.constraints',
      [{ matchAttribute: '/c-d' }],
      twice('Invalid spec.devices.constraints[0].matchAttribute'),
    ],
    ['spec.devices.constraints', Array(33).fill({}), ['TooMany spec.devices.constraints']],
    ['spec.devices.config', Array(33).fill({}), ['TooMany spec.devices.config']],
    ['spec.devices.config', [{ requests: ['r'], opaque }], []],
    ['spec.devices.config', [{ requests: ['r', 'r'], opaque }], ['Duplicate spec.devices.config[0].requests[1]']],
    ['spec.devices.config', [{ requests: ['s'], opaque }], ['Invalid spec.devices.config[0].requests[0]']],
    ['spec.devices.config', [{ requests: ['r/s'], opaque }], ['Invalid spec.devices.config[0].requests[0]']],
    ['spec.devices.config', [{ requests: ['r/s/t'], opaque }], ['Invalid spec.devices.config[0].requests[0]']],
    ['spec.devices.config', [{}], ['Required spec.devices.config[0].opaque']],
  ])('%s: %j', (path, value, complaints) => {
    expect(complaintsOf(resourceclaims.validate?.(withValue(claim(), path, value)) ?? [])).toEqual(complaints);
  });
});

it('may ask for one of several, which its configuration names', () => {
  const firstAvailable = [{ name: 's', deviceClassName: 'd', allocationMode: 'All' }];
  const asked = withValue(claim(), requests, [{ name: 'r', firstAvailable }]);
  const configured = withValue(asked, 'spec.devices.config', [{ requests: ['r/s'], opaque }]);
  expect(resourceclaims.validate?.(configured)).toEqual([]);
});

it('tolerates what is equal where it says nothing else', () => {
  expect(claim().spec.devices?.requests?.[0]?.exactly?.tolerations).toEqual([
    { key: 'a', value: 'b', operator: 'Equal' },
  ]);
});

describe('a class of devices', () => {
  it('is fine as it is', () => expect(deviceclasses.validate?.(deviceClass())).toEqual([]));

  it.each<[string, unknown, string[]]>([
    ['spec.selectors.0.cel', undefined, ['Required spec.selectors[0].cel']],
    ['spec.selectors.0.cel.expression', '', ['Invalid spec.selectors[0].cel.expression']],
    ['spec.config.0.opaque', undefined, ['Required spec.config[0].opaque']],
    ['spec.config.0.opaque.driver', 'A', []],
    ['spec.config.0.opaque.driver', undefined, ['Required spec.config[0].opaque.driver']],
    ['spec.config.0.opaque.driver', 'a'.repeat(64), ['TooLong spec.config[0].opaque.driver']],
    ['spec.config.0.opaque.driver', 'a_b', ['Invalid spec.config[0].opaque.driver']],
    ['spec.config.0.opaque.parameters', { a: 'x'.repeat(10 * 1024) }, ['TooLong spec.config[0].opaque.parameters']],
    ['spec.config.0.opaque.parameters', [], ['Invalid spec.config[0].opaque.parameters']],
    ['spec.selectors.0.cel.expression', '\u00e9'.repeat(6 * 1024), ['TooLong spec.selectors[0].cel.expression']],
    ['spec.config.0.opaque.parameters', undefined, ['Required spec.config[0].opaque.parameters']],
  ])('%s: %j', (path, value, complaints) => {
    expect(complaintsOf(deviceclasses.validate?.(withValue(deviceClass(), path, value)) ?? [])).toEqual(complaints);
  });
});
