import { missingKernelFeatures, missingPackages, requirements } from './prerequisites.ts';

describe('prerequisites', () => {
  it.each(requirements.map((need) => need.package))('misses %s', (name) => {
    const absent = requirements.find((need) => need.package === name)!.files;
    expect(missingPackages((path) => !absent.includes(path))).toEqual([name]);
  });
  it('names what the kernel lacks', () => {
    const all = { filesystems: 'nodev overlay', mountinfo: 'x - cgroup2 cgroup rw', exists: () => true };
    expect(missingKernelFeatures(all)).toEqual([]);
    expect(missingKernelFeatures({ ...all, filesystems: 'ext4' })[0]).toContain('overlayfs');
    expect(missingKernelFeatures({ ...all, mountinfo: '' })[0]).toContain('cgroup');
    expect(missingKernelFeatures({ ...all, exists: (path) => !path.endsWith('net') })[0]).toContain('net namespaces');
  });
});
