import type { V1Pod } from '../api/gen/types.ts';
import { compareStart, type PodInfo } from './pod-info.ts';

const early = '2026-01-01T00:00:00Z';
const late = '2026-01-02T00:00:00Z';
const infoOf = (creationTimestamp: string, startTime?: string | null) =>
  ({ pod: { metadata: { creationTimestamp }, status: { startTime } } as unknown as V1Pod }) as PodInfo;

it.each([
  ['the one that started first', infoOf(late, early), infoOf(early, late)],
  ['the one that has started', infoOf(late, late), infoOf(early)],
  ['the one that has started, when the other says null', infoOf(late, late), infoOf(early, null)],
  ['the older one of two that have not', infoOf(early), infoOf(late)],
  ['the older one of two that have not, in whatever words', infoOf(early, null), infoOf(late)],
])('more important is %s', (_what, one, other) => {
  expect(Math.sign(compareStart(one, other))).toBe(-1);
  expect(Math.sign(compareStart(other, one))).toBe(1);
});
