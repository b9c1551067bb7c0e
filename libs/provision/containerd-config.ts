import type { NodeLayout } from './layout.ts';

export interface ContainerdConfigOptions {
  layout: NodeLayout;
  sandboxImage: string;
  /** Folder with one folder per registry host, each with a hosts.toml. */
  registryDirectory: string;
  cniBinDir: string;
  /** Whether the process may lower the OOM score of others (CAP_SYS_RESOURCE). */
  mayLowerOomScore: boolean;
  snapshotter: 'overlayfs' | 'native';
  logLevel?: string;
}

/**
 * The configuration of a node's private containerd (format version 2, read by containerd 1.5 to 2.x). Everything that
 * containerd would share with another instance through a default path is moved below the node's own folders.
 * Source: containerd docs/cri/config.md, docs/hosts.md.
 */
export function containerdConfig(options: ContainerdConfigOptions): string {
  const { layout } = options;
  const cri = 'plugins."io.containerd.grpc.v1.cri"';
  const quote = JSON.stringify;
  return `version = 2
root = ${quote(layout.containerdRoot)}
state = ${quote(layout.containerdState)}
disabled_plugins = [
  "io.containerd.snapshotter.v1.aufs",
  "io.containerd.snapshotter.v1.btrfs",
  "io.containerd.snapshotter.v1.devmapper",
  "io.containerd.snapshotter.v1.zfs",
]

[grpc]
  address = ${quote(layout.containerdSocket)}

[debug]
  level = ${quote(options.logLevel ?? 'warn')}

[plugins."io.containerd.internal.v1.opt"]
  path = ${quote(`${layout.containerdRoot}/opt`)}

[${cri}]
  sandbox_image = ${quote(options.sandboxImage)}
  restrict_oom_score_adj = ${!options.mayLowerOomScore}
  netns_mounts_under_state_dir = true
  stream_server_address = "127.0.0.1"
  enable_unprivileged_ports = true
  enable_unprivileged_icmp = true

  [${cri}.cni]
    bin_dir = ${quote(options.cniBinDir)}
    conf_dir = ${quote(layout.cniConfDir)}

  [${cri}.registry]
    config_path = ${quote(options.registryDirectory)}

  [${cri}.containerd]
    snapshotter = ${quote(options.snapshotter)}
    default_runtime_name = "runc"

    [${cri}.containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"

      [${cri}.containerd.runtimes.runc.options]
        Root = ${quote(layout.runcRoot)}
        SystemdCgroup = false
`;
}

/** Whether a process with this /proc/self/status may lower OOM scores: bit 24 of its effective capabilities. */
export function mayLowerOomScore(procStatus: string): boolean {
  const effective = /^CapEff:\s*([0-9a-f]+)$/m.exec(procStatus)?.[1] ?? '0';
  return ((BigInt(`0x${effective}`) >> 24n) & 1n) === 1n;
}
