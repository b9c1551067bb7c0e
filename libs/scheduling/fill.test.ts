import { type ExpectedPod, FillTable, idleDevices } from './fill.ts';

const gib = 2 ** 30;
const node = { cpuMillis: 48_000, memoryBytes: 192 * gib };
const kind = (cpuMillis: number, memoryGib: number, share: number): ExpectedPod => ({
  cpuMillis,
  memoryBytes: memoryGib * gib,
  share,
});

describe('the idle share of a node that expected pods fill', () => {
  const table = new FillTable([kind(5000, 16, 0.6), kind(3000, 8, 0.4)], node);
  it.each([
    ['nothing free', 0, 0, 0],
    ['what two kinds fill together', 8000, 32, 0],
    ['a remainder that no kind fits in', 2000, 32, 2 / 48],
    ['what is left when the better mixture is taken', 7000, 28, 1 / 48],
    ['CPU without memory to go with it', 8000, 0, 8 / 48],
    ['memory without CPU, of which there is enough', 0, 32, 0],
  ])('of %s', (_name, cpuMillis, memoryGib, share) => {
    expect(table.idleShare(cpuMillis, memoryGib * gib)).toBeCloseTo(share, 3);
  });

  it('counts memory when that runs out first', () => {
    const byMemory = new FillTable([kind(1000, 48, 1)], node);
    expect(byMemory.idleShare(48_000, 60 * gib)).toBeCloseTo(12 / 192, 3);
    expect(byMemory.idleShare(48_000, 0)).toBe(0);
  });

  it('is all that is free when nothing is expected', () => {
    expect(new FillTable([], node).idleShare(24_000, 96 * gib)).toBeCloseTo(0.5, 3);
  });
});

describe('idle devices', () => {
  const free = (cpuMillis: number, ...devices: number[]) => ({ cpuMillis, memoryBytes: 1e15, devices });
  const whole = { ...kind(4000, 1, 1), devices: 1, thousandths: 1000 };
  const parts = { ...kind(1000, 1, 1), devices: 1, thousandths: 300 };
  const pairs = { ...kind(1000, 1, 1), devices: 2, thousandths: 1000 };
  it.each([
    ['none when all can be used', free(8000, 1000, 1000), [whole], 0],
    ['those for which the CPU does not suffice', free(6000, 1000, 1000), [whole], 500],
    ['the rest of a device that is shared in thirds', free(8000, 1000), [parts], 100],
    ['one of three when pods ask for pairs', free(8000, 1000, 1000, 1000), [pairs], 1000],
    [
      'the mean over the kinds',
      free(8000, 1000),
      [
        { ...whole, share: 0.5 },
        { ...pairs, share: 0.5 },
      ],
      500,
    ],
  ])('are %s', (_name, state, kinds, expected) => {
    expect(idleDevices(state, kinds)).toBeCloseTo(expected);
  });
});
