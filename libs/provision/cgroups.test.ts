import { recordingMachine, version1, version2 } from '../../test/support/recording-machine.ts';
import { applyActions } from './actions.ts';
import { parseCgroupLayout, podsCgroupActions } from './cgroups.ts';

describe('cgroups', () => {
  const hybrid = `24 1 0:21 / /sys/fs/cgroup rw - tmpfs none rw
25 24 0:22 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct
26 24 0:23 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory
27 24 0:24 / /sys/fs/cgroup/systemd rw - cgroup none rw,name=systemd
28 24 0:25 / /sys/fs/cgroup/unified rw - cgroup2 none rw
`;
  it.each([
    {
      name: 'hybrid',
      text: hybrid,
      want: {
        version: 1,
        controllers: {
          cpu: '/sys/fs/cgroup/cpu,cpuacct',
          cpuacct: '/sys/fs/cgroup/cpu,cpuacct',
          memory: '/sys/fs/cgroup/memory',
        },
        others: ['/sys/fs/cgroup/systemd', '/sys/fs/cgroup/unified'],
      },
    },
    {
      name: 'version 2',
      text: '30 1 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup rw,nsdelegate\n',
      want: { version: 2, mount: '/sys/fs/cgroup' },
    },
    { name: 'none', text: '1 0 8:1 / / rw - ext4 /dev/sda rw\n', want: undefined },
  ])('recognises $name', ({ text, want }) => expect(parseCgroupLayout(text)).toEqual(want));

  it.each([
    { layout: version1, files: ['/cg/cpu/p/cpu.cfs_quota_us 150000', '/cg/memory/p/memory.limit_in_bytes 1024'] },
    { layout: version2, files: ['/cg/p/cpu.max 150000 100000', '/cg/p/memory.max 1024'] },
  ])('limits pods on version $layout.version', async ({ layout, files }) => {
    const { machine, done } = recordingMachine();
    await applyActions(machine, podsCgroupActions(layout, '/p', { cpus: 1.5, memoryBytes: 1024 }));
    for (const file of files) expect(done).toContain(`write ${file}`);
  });
});
