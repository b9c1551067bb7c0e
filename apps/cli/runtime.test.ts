import { chooseRuntime, type RuntimeChoice, runtimePath } from './runtime.ts';

const choice: RuntimeChoice = {
  version: '20.19.0',
  own: '/usr/bin/node',
  packaged: () => '/packages/node',
  runs: () => true,
};

describe('the Node that programs run in', () => {
  const cases: Array<{ name: string; changes: Partial<RuntimeChoice>; chosen: string }> = [
    { name: 'the one that came along, for an older one', changes: {}, chosen: '/packages/node' },
    { name: 'its own when it is as new', changes: { version: '24.0.0' }, chosen: '/usr/bin/node' },
    { name: 'its own when it is newer', changes: { version: '26.1.0' }, chosen: '/usr/bin/node' },
    { name: 'its own when none came along', changes: { packaged: () => undefined }, chosen: '/usr/bin/node' },
    { name: 'its own when the other cannot be run', changes: { runs: () => false }, chosen: '/usr/bin/node' },
  ];
  it.each(cases)('is $name', ({ changes, chosen }) => {
    expect(chooseRuntime({ ...choice, ...changes })).toBe(chosen);
  });

  it('can be run on this machine', () => {
    expect(runtimePath()).toMatch(/node$/);
    expect(runtimePath()).toBe(runtimePath());
  });
});
