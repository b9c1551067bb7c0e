import { Agent, type AgentOptions } from 'node:https';
import { type Duplex, PassThrough } from 'node:stream';
import { connect as connectTls } from 'node:tls';

/** A port of a Service. */
export interface ServicePort {
  readonly namespace: string;
  readonly name: string;
  readonly port: number;
}

/** Opens a connection to what stands behind a Service's port. Rejects when nothing does. */
export type Dial = (service: ServicePort) => Promise<Duplex>;

/** How the other side proves itself, and this side to it. */
export interface TlsIdentity {
  /** PEM of the authorities that the server's certificate must come from; those of the system when absent. */
  readonly ca?: string;
  readonly insecure?: boolean;
  readonly certificate?: string;
  readonly key?: string;
}

/** Connections to one server that are kept for the next call, and for how long. */
const idleConnectionsMax = 8;
const idleMsMax = 60_000;
/** Calls to one server that are under way at once; more wait. */
const connectionsMax = 100;
/** Servers for which connections are kept; the one that was added first gives way. */
const serversMax = 256;

const keepAlive: AgentOptions = {
  keepAlive: true,
  maxFreeSockets: idleConnectionsMax,
  maxSockets: connectionsMax,
  timeout: idleMsMax,
};

/** The name that a Service's certificate speaks for. */
export function serviceHost({ namespace, name }: { namespace: string; name: string }): string {
  return `${name}.${namespace}.svc`;
}

type Created = (error: Error | null, socket: Duplex) => void;
/** What goes with an error in place of a connection. */
const noConnection = new PassThrough();

/** Speaks TLS over connections that `dial` opens. */
class ServiceAgent extends Agent {
  constructor(
    private readonly open: () => Promise<Duplex>,
    private readonly identity: TlsIdentity & { servername: string },
  ) {
    super(keepAlive);
  }

  override createConnection(_options: unknown, created?: Created): undefined {
    this.open().then(
      (socket) => {
        const { ca, certificate: cert, key, insecure, servername } = this.identity;
        created?.(null, connectTls({ socket, ca, cert, key, servername, rejectUnauthorized: !insecure }));
      },
      (error: Error) => created?.(error, noConnection),
    );
    return undefined;
  }
}

/** Keeps connections, one pool for each server and identity. */
export class AgentPool {
  private readonly agents = new Map<string, Agent>();

  constructor(private readonly dial: Dial) {}

  forService(service: ServicePort, identity: TlsIdentity): Agent {
    const key = [service.namespace, service.name, service.port, ...keyOf(identity)].join('\n');
    return this.kept(key, () => {
      const servername = serviceHost(service);
      return new ServiceAgent(() => this.dial(service), { ...identity, servername });
    });
  }

  forUrl(identity: TlsIdentity): Agent {
    return this.kept(['url', ...keyOf(identity)].join('\n'), () => {
      const { ca, certificate: cert, key, insecure } = identity;
      return new Agent({ ...keepAlive, ca, cert, key, rejectUnauthorized: !insecure });
    });
  }

  /** Ends all connections. */
  close(): void {
    for (const agent of this.agents.values()) agent.destroy();
    this.agents.clear();
  }

  private kept(key: string, make: () => Agent): Agent {
    let agent = this.agents.get(key);
    if (agent) return agent;
    if (this.agents.size >= serversMax) {
      const [first] = this.agents.keys();
      this.agents.get(first!)?.destroy();
      this.agents.delete(first!);
    }
    agent = make();
    this.agents.set(key, agent);
    return agent;
  }
}

function keyOf({ ca = '', certificate = '', insecure = false }: TlsIdentity): string[] {
  return [ca, certificate, String(insecure)];
}
