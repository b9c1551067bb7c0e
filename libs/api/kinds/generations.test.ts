import { complaintsOf, withValue } from '../../../test/support/complaints.ts';
import type { V1CSIDriver, V1PriorityClass, V1ServiceCIDR } from '../gen/types.ts';
import { servicecidrs } from './addressing.ts';
import { csidrivers } from './csidriver.ts';
import { priorityclasses } from './priorityclass.ts';

describe('generations of kinds that count in ways of their own', () => {
  it('are one for priority classes, once and for all', () => {
    const made: V1PriorityClass = { metadata: { name: 'p' }, value: 1 };
    priorityclasses.prepareForCreate?.(made);
    expect(made.metadata?.generation).toBe(1);
    expect(priorityclasses.hasGeneration).toBeUndefined();
  });

  it('begin with the first change of a CSI driver', () => {
    const made: V1CSIDriver = { metadata: { name: 'd' }, spec: { podInfoOnMount: false } };
    const same = structuredClone(made);
    csidrivers.prepareForUpdate?.(same, made);
    expect(same.metadata?.generation).toBeUndefined();
    const changed = withValue(made, 'spec.podInfoOnMount', true);
    csidrivers.prepareForUpdate?.(changed, made);
    expect(changed.metadata?.generation).toBe(1);
  });
});

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
