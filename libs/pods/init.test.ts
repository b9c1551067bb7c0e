import { containerOf, observed, podOf } from '../../test/support/observed.ts';
import { stopOrder } from './init.ts';

describe('stopOrder', () => {
  it('ends sidecars after the others, the last one first', () => {
    const sidecars = ['s1', 's2'].map((name) => containerOf(name, { restartPolicy: 'Always' }));
    const pod = podOf({ initContainers: sidecars });
    const seen = observed().sandbox().running('s1').running('s2').running('c').observed;
    expect(stopOrder(pod, seen.containers).map((group) => group.map(({ name }) => name))).toEqual([
      ['c'],
      ['s2'],
      ['s1'],
    ]);
  });
});
