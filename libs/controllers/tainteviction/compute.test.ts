import { makePod } from '../../../test/support/make-pod.ts';
import type { V1Toleration } from '../../api/gen/types.ts';
import { evictionTime } from './compute.ts';

const nowMs = Date.UTC(2026, 0, 1, 0, 0, 10);
const taint = { key: 'node.kubernetes.io/unreachable', effect: 'NoExecute', timeAdded: '2026-01-01T00:00:00Z' };

describe('when a pod must leave', () => {
  const cases: Array<{ name: string; tolerations: V1Toleration[]; inSeconds: number | undefined }> = [
    { name: 'at once without a toleration', tolerations: [], inSeconds: 0 },
    { name: 'never with one that has no end', tolerations: [{ operator: 'Exists' }], inSeconds: undefined },
    {
      name: 'after its seconds, from the taint on',
      tolerations: [{ key: taint.key, operator: 'Exists', tolerationSeconds: 300 }],
      inSeconds: 290,
    },
    {
      name: 'at once with none left',
      tolerations: [{ key: taint.key, operator: 'Exists', tolerationSeconds: 0 }],
      inSeconds: -10,
    },
    {
      name: 'the shortest counts',
      tolerations: [
        { operator: 'Exists', tolerationSeconds: 60 },
        { operator: 'Exists', tolerationSeconds: 20 },
      ],
      inSeconds: 10,
    },
    {
      name: 'another effect does not help',
      tolerations: [{ key: taint.key, operator: 'Exists', effect: 'NoSchedule' }],
      inSeconds: 0,
    },
    {
      name: 'another value does not help',
      tolerations: [{ key: taint.key, operator: 'Equal', value: 'x' }],
      inSeconds: 0,
    },
  ];
  it.each(cases)('$name', ({ tolerations, inSeconds }) => {
    const pod = makePod('a').on('n1').build();
    pod.spec = { ...pod.spec, containers: [], tolerations };
    expect(evictionTime(pod, [taint], nowMs)).toBe(inSeconds === undefined ? undefined : nowMs + inSeconds * 1000);
  });

  it('a NoSchedule taint drives nobody away', () => {
    expect(evictionTime(makePod('a').build(), [{ key: 'x', effect: 'NoSchedule' }], nowMs)).toBeUndefined();
  });
});
