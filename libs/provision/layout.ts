import { createHash } from 'node:crypto';
import { join, resolve } from 'node:path';

/** Where one node keeps its things. `home` outlives a restart of the machine, `run` does not. */
export interface NodeLayout {
  home: string;
  run: string;
  containerdRoot: string;
  containerdState: string;
  containerdSocket: string;
  containerdConfig: string;
  runcRoot: string;
  /** Containerd reads its network configuration here. */
  cniConfDir: string;
  /** Where the pods' addresses in use are noted. */
  ipamDir: string;
  /** Says which archive of images containerd has. */
  imagesMarker: string;
}

/** The same for `berth up` and for an agent with a private containerd. */
export function nodeLayout(home: string, run: string): NodeLayout {
  return {
    home,
    run,
    containerdRoot: join(home, 'containerd'),
    containerdState: join(run, 'state'),
    containerdSocket: join(run, 'containerd.sock'),
    containerdConfig: join(run, 'containerd.toml'),
    runcRoot: join(run, 'runc'),
    cniConfDir: join(run, 'cni/net.d'),
    ipamDir: join(run, 'cni/ipam'),
    imagesMarker: join(home, 'containerd', 'berth-images'),
  };
}

const placeDigits = 8;

/** Where an agent on a machine of its own keeps what does not outlive a restart, and the cgroup of its node. */
export function agentPlaces(home: string, name: string): { run: string; cgroup: string } {
  const place = createHash('sha256').update(resolve(home)).digest('hex').slice(0, placeDigits);
  return { run: `/run/berth/${place}/${name}`, cgroup: `/berth/${place}/${name}` };
}
