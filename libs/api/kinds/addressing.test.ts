import { complaintsOf } from '../../../test/support/complaints.ts';
import type { V1ServiceCIDR } from '../gen/types.ts';
import { servicecidrs } from './addressing.ts';

describe('the ranges of a service CIDR', () => {
  const withRanges = (...cidrs: string[]): V1ServiceCIDR => ({
    metadata: { name: 'c', creationTimestamp: '2026-01-01T00:00:00Z', resourceVersion: '1' },
    spec: { cidrs },
  });

  it.each<[string[], string[], string[]]>([
    [['10.0.0.0/16'], ['10.1.0.0/16'], ['Invalid spec.cidrs[0]']],
    [['10.0.0.0/16'], ['10.0.0.0/16', 'fd00::/64'], []],
    [['10.0.0.0/16'], ['10.0.0.0/16', '10.1.0.0/16'], ['Invalid spec.cidrs']],
    [['10.0.0.0/16', 'fd00::/64'], ['10.0.0.0/16'], ['Invalid spec.cidrs']],
  ])('%j to %j', (before, now, complaints) => {
    expect(complaintsOf(servicecidrs.validateUpdate?.(withRanges(...now), withRanges(...before)) ?? [])).toEqual(
      complaints,
    );
  });
});
