/** One thing that a machine must have, with the Debian package that brings it. */
export interface Requirement {
  package: string;
  /** Any one of these files will do. */
  files: readonly string[];
}

const binaryFolders = ['/usr/sbin', '/usr/bin', '/sbin', '/bin', '/usr/local/sbin', '/usr/local/bin'];
const program = (name: string) => binaryFolders.map((folder) => `${folder}/${name}`);

/** Debian and Ubuntu call them the same. apps/cli/start.mjs has the same list, since it runs before anything is built. */
export const requirements: readonly Requirement[] = [
  { package: 'containerd', files: program('containerd') },
  { package: 'runc', files: program('runc') },
  { package: 'containernetworking-plugins', files: ['/usr/lib/cni/ptp', '/opt/cni/bin/ptp'] },
  { package: 'nftables', files: program('nft') },
  { package: 'iproute2', files: program('ip') },
  { package: 'busybox-static', files: ['/bin/busybox'] },
  { package: 'catatonit', files: ['/usr/bin/catatonit'] },
];

/** The packages whose files are not there. */
export function missingPackages(exists: (path: string) => boolean): string[] {
  return requirements.filter((need) => !need.files.some(exists)).map((need) => need.package);
}

/** What the kernel must offer; each says what it is for. */
export interface KernelNeeds {
  filesystems: string;
  mountinfo: string;
  exists: (path: string) => boolean;
}

/** What this kernel lacks, each as a sentence; empty when all is there. */
export function missingKernelFeatures(needs: KernelNeeds): string[] {
  const lacks: string[] = [];
  if (!/\boverlay\b/.test(needs.filesystems)) lacks.push('overlayfs (module overlay), which holds containers’ files');
  if (!/ - cgroup2? /.test(needs.mountinfo)) lacks.push('a mounted cgroup file system, which limits CPU and memory');
  for (const kind of ['net', 'mnt', 'pid', 'ipc', 'uts']) {
    if (!needs.exists(`/proc/self/ns/${kind}`)) lacks.push(`${kind} namespaces, which separate pods`);
  }
  return lacks;
}
