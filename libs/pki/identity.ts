import { join } from 'node:path';
import { readIfPresent, writeAtomically } from './files.ts';
import type { KeyPair } from './issue.ts';

/** How a node's agent proves who it is, and by which authority it knows the control plane. All PEM. */
export interface NodeIdentity extends KeyPair {
  ca: string;
}

const files = { key: 'agent.key', ca: 'ca.crt', certificate: 'agent.crt' } as const;

/** The identity kept in an agent's home, or undefined when it has not joined yet (or was killed while joining). */
export async function readNodeIdentity(home: string): Promise<NodeIdentity | undefined> {
  const [key, ca, certificate] = await Promise.all(
    [files.key, files.ca, files.certificate].map((name) => readIfPresent(join(home, name))),
  );
  return key && ca && certificate ? { key, ca, certificate } : undefined;
}

/** Keeps an identity in an agent's home. The certificate goes last: with it the identity is whole. */
export async function writeNodeIdentity(home: string, identity: NodeIdentity): Promise<void> {
  await writeAtomically(join(home, files.key), identity.key);
  await writeAtomically(join(home, files.ca), identity.ca);
  await writeAtomically(join(home, files.certificate), identity.certificate);
}
