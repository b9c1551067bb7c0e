import { withValue } from '../../../test/support/complaints.ts';
import type { V1CSIDriver, V1PriorityClass } from '../gen/types.ts';
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
