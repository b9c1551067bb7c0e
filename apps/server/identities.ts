import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { ClusterPki } from '../../libs/pki/cluster.ts';
import { writeAtomically } from '../../libs/pki/files.ts';
import { kubeconfigText } from '../../libs/pki/kubeconfig.ts';
import type { Home } from '../../libs/provision/home.ts';

/** Gives the nodes of this machine their certificates where their agents look for them. */
export async function writeNodeIdentities(pki: ClusterPki, home: Home, nodes: readonly string[]): Promise<void> {
  await Promise.all(
    nodes.map(async (name) => {
      const folder = home.node(name);
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const pair = await pki.node(name);
      await writeAtomically(join(folder, 'ca.crt'), pki.ca.certificate);
      await writeAtomically(join(folder, 'agent.key'), pair.key);
      // Last: agents are started once it is there.
      await writeAtomically(join(folder, 'agent.crt'), pair.certificate);
    }),
  );
}

/** The file that kubectl reads to act as the cluster's administrator from this machine. */
export async function writeKubeconfig(pki: ClusterPki, home: Home, port: number): Promise<void> {
  const server = `https://127.0.0.1:${port}`;
  await writeAtomically(home.kubeconfig, kubeconfigText({ server, ca: pki.ca.certificate, client: pki.admin }));
}
