import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { grpcTransport } from '../../apps/agent/grpc-transport.ts';
import { nodeSessionExtension } from '../../apps/apiserver/node-session/extension.ts';
import { apiServerPki } from '../../apps/apiserver/options.ts';
import { startApiServer } from '../../apps/apiserver/start.ts';
import { streamingExtension } from '../../apps/apiserver/streaming/extension.ts';
import { serviceaccounts } from '../../libs/api/kinds/serviceaccount.ts';
import { systemClock } from '../../libs/base/clock.ts';
import { systemRandom } from '../../libs/base/random.ts';
import { StatusError } from '../../libs/base/status.ts';
import type { NodeHandlers, NodeLink } from '../../libs/node/link.ts';
import { createNodeLink } from '../../libs/node/session/node-link.ts';
import { ensureClusterPki } from '../../libs/pki/cluster.ts';
import { writeAtomically } from '../../libs/pki/files.ts';
import { kubeconfigText } from '../../libs/pki/kubeconfig.ts';
import { openEmbeddedStore } from '../../libs/store-embedded/embedded-store.ts';

export interface AgentIdentity {
  ca: string;
  key: string;
  certificate: string;
}

export type SessionCluster = Awaited<ReturnType<typeof startSessionCluster>>;

const refuse = async () => {
  throw new StatusError('NotFound', 'no such container');
};

/** Handlers of a node on which nothing runs. */
export const emptyNode: NodeHandlers = {
  exec: refuse,
  attach: refuse,
  logs: refuse,
  portForward: refuse,
  http: async () => ({ status: 200, contentType: 'text/plain', body: Buffer.from('ok') }),
};

/** A real API server on a real store, with node sessions, in a directory of its own. Agents are links without pods. */
export async function startSessionCluster() {
  const directory = await mkdtemp(join(tmpdir(), 'berth-session-'));
  const pki = await ensureClusterPki(join(directory, 'pki'), { names: [], ips: [] }, systemClock);
  const store = openEmbeddedStore({ path: join(directory, 'store'), clock: systemClock });
  const links: NodeLink[] = [];
  const start = async (sessionPort = 0) => {
    const sessions = nodeSessionExtension({ pki, host: '127.0.0.1', port: sessionPort });
    const server = await startApiServer({
      store,
      storeShared: true,
      host: '127.0.0.1',
      port: 0,
      pki: apiServerPki(pki),
      extensions: [sessions, streamingExtension({ nodes: sessions.nodes })],
    });
    return { server, sessions };
  };
  let running = await start();
  // Pods ask for it; the controller that makes it does not run here.
  await running.server.client.create(serviceaccounts, { metadata: { name: 'default', namespace: 'default' } });
  const kubeconfig = join(directory, 'kubeconfig');
  const client = { server: running.server.url, ca: pki.ca.certificate, client: pki.admin };
  await writeAtomically(kubeconfig, kubeconfigText(client));
  return {
    directory,
    pki,
    kubeconfig,
    get client() {
      return running.server.client;
    },
    get url() {
      return running.server.url;
    },
    get nodes() {
      return running.sessions.nodes;
    },
    /** Stops the server; `restart` then serves the same store on the same session port. */
    async stopServer() {
      const { port } = running.sessions;
      await running.server.stop();
      return {
        restart: async () => {
          running = await start(port);
        },
      };
    },
    /** Another API server of the same cluster, on the same store. */
    async secondServer() {
      const second = await start();
      return { nodes: second.sessions.nodes, stop: () => second.server.stop() };
    },
    /** Where node sessions are served. */
    get sessionTarget() {
      return `127.0.0.1:${running.sessions.port}`;
    },
    /** A link with the identity that the cluster gives the node, unless another is given. */
    async connect(name: string, more: { labels?: Record<string, string>; identity?: AgentIdentity } = {}) {
      const identity = more.identity ?? { ...(await pki.node(name)), ca: pki.ca.certificate };
      const link = createNodeLink({
        transport: grpcTransport({ targets: [`127.0.0.1:${running.sessions.port}`], identity: () => identity }),
        node: { apiVersion: 'v1', kind: 'Node', metadata: { name, labels: more.labels } },
        agentVersion: 'test',
        clock: systemClock,
        random: systemRandom,
      });
      links.push(link);
      link.serve(emptyNode);
      link.reportNodeStatus({ capacity: { cpu: '1' }, conditions: [{ type: 'Ready', status: 'True' }] });
      return link;
    },
    async closeLinks() {
      for (const link of links.splice(0)) await link.close();
    },
    async stop() {
      await this.closeLinks();
      await running.server.stop();
      await store.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
