import type { Clock } from '../base/clock.ts';
import { StatusError } from '../base/status.ts';
import { authorityHash, ensureLeaf, type PkiDirectory } from './authority.ts';
import { issueLeaf, type KeyPair, publicKeyOf, type Subject } from './issue.ts';
import { publicKeyOfRequest } from './request.ts';
import { ensureRoots } from './roots.ts';

/** The names and addresses by which clients may reach the API server. */
export interface ServingNames {
  names: readonly string[];
  ips: readonly string[];
}

/** Everything that proves who is who in one cluster. All strings are PEM. */
export interface ClusterPki {
  ca: KeyPair;
  /** `sha256:<hex>` of the CA's public key; joining agents pin it. */
  caHash: string;
  apiserver: KeyPair;
  /** The authority of the certificate that the API server shows to aggregated API servers. */
  frontCa: KeyPair;
  front: KeyPair;
  /** For people's programs, and so with an RSA key. */
  admin: KeyPair;
  scheduler: KeyPair;
  controllers: KeyPair;
  /** By which API servers of one cluster know each other. */
  peer: KeyPair;
  /** Signs service account tokens (ES256). */
  serviceAccount: { privateKey: string; publicKey: string };
  /** The client certificate of a node that lives beside the control plane, kept as node-<name>. */
  node(name: string): Promise<KeyPair>;
  /**
   * Certifies the key of a node that joins; the subject is always the node's, whatever the request says.
   * @throws StatusError BadRequest when the request is malformed or not signed by its own key.
   */
  signNodeRequest(name: string, request: string): Promise<string>;
}

const clusterDomain = 'cluster.local';
const serviceAddress = '10.96.0.1';
const alwaysServed = [
  'kubernetes',
  'kubernetes.default',
  'kubernetes.default.svc',
  `kubernetes.default.svc.${clusterDomain}`,
  'localhost',
  serviceAddress,
  '127.0.0.1',
];

/** The organisation that only API servers' certificates have. */
export const serversOrganization = 'berth:servers';

const components: Record<'admin' | 'scheduler' | 'controllers' | 'peer', Subject> = {
  admin: { commonName: 'kubernetes-admin', organizations: ['system:masters'] },
  scheduler: { commonName: 'system:kube-scheduler' },
  controllers: { commonName: 'system:kube-controller-manager' },
  peer: { commonName: 'berth-apiserver', organizations: [serversOrganization] },
};

/** The identity of a node's agent, as the Node authoriser knows it. */
export function nodeSubject(name: string): Subject {
  return { commonName: `system:node:${name}`, organizations: ['system:nodes'] };
}

/**
 * Reads the cluster's certificates from `path`, making those that are absent or no longer good. A process killed at any
 * moment leaves files that the next call completes.
 */
export async function ensureClusterPki(path: string, serving: ServingNames, clock: Clock): Promise<ClusterPki> {
  const directory: PkiDirectory = { path, clock };
  const { ca, frontCa, serviceAccountKey: privateKey } = await ensureRoots(directory);
  const client = (name: string, subject: Subject, issuer = ca) =>
    ensureLeaf(directory, name, { wish: { subject, usage: 'client' }, issuer });
  const adminWish = { subject: components.admin, usage: 'client', portable: true } as const;
  const names = [...new Set([...serving.names, ...serving.ips, ...alwaysServed])];
  const [apiserver, front, admin, scheduler, controllers, peer] = await Promise.all([
    ensureLeaf(directory, 'apiserver', {
      wish: { subject: { commonName: 'kube-apiserver' }, usage: 'server', names },
      issuer: ca,
    }),
    client('front', { commonName: 'front-proxy-client' }, frontCa),
    ensureLeaf(directory, 'admin', { wish: adminWish, issuer: ca }),
    client('scheduler', components.scheduler),
    client('controllers', components.controllers),
    client('peer', components.peer),
  ]);
  return {
    ca,
    caHash: authorityHash(ca.certificate),
    apiserver,
    frontCa,
    front,
    admin,
    scheduler,
    controllers,
    peer,
    serviceAccount: { privateKey, publicKey: publicKeyOf(privateKey) },
    node: (name) => client(`node-${name}`, nodeSubject(name)),
    signNodeRequest: (name, request) => signNodeRequest({ name, request, ca, nowMs: clock.now() }),
  };
}

async function signNodeRequest(input: { name: string; request: string; ca: KeyPair; nowMs: number }): Promise<string> {
  try {
    const publicKey = await publicKeyOfRequest(input.request);
    const subject = nodeSubject(input.name);
    return await issueLeaf({ subject, usage: 'client', publicKey, issuer: input.ca, nowMs: input.nowMs });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new StatusError('BadRequest', `cannot certify node ${input.name}: ${message}`, { cause: error });
  }
}
