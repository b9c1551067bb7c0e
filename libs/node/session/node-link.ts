import type { CoreV1Event, V1Node, V1NodeStatus } from '../../api/gen/types.ts';
import type { KubeObject, ObjectName } from '../../api/meta.ts';
import { type BackoffPolicy, backoffMs } from '../../base/backoff.ts';
import type { Clock, Timer } from '../../base/clock.ts';
import { type Logger, silentLogger } from '../../base/log.ts';
import { type Metrics, noMetrics } from '../../base/metrics.ts';
import type { Random } from '../../base/random.ts';
import type { AgentMessage, Hello, ServerMessage } from '../../wire/gen/berth/node/v1/session.ts';
import { encodeJson } from '../../wire/json.ts';
import type {
  Mirror,
  MirroredResource,
  NodeHandlers,
  NodeLink,
  NodeUsage,
  PodStatusUpdate,
  ServiceAccountTokenRequest,
} from '../link.ts';
import { Calls } from './calls.ts';
import { MirrorCopy } from './mirror-copy.ts';
import { Reports } from './reports.ts';
import { serveHttp, serveStream } from './serve-streams.ts';
import { Session, type SessionOwner } from './session.ts';
import type { SessionTransport } from './transport.ts';

export interface NodeLinkOptions {
  transport: SessionTransport;
  /** The Node to register: name, labels, annotations, taints. Its status is what was reported last. */
  node: V1Node;
  agentVersion: string;
  clock: Clock;
  random: Random;
  logger?: Logger;
  metrics?: Metrics;
}

const mirrored: readonly MirroredResource[] = ['configmaps', 'secrets', 'services', 'endpointslices', 'nodes', 'pods'];
const reconnectBackoff: BackoffPolicy = { initialMs: 100, maxMs: 5_000 };
/** The share of each delay that chance decides, so that a thousand agents do not come back at once. */
const jitterShare = 0.5;

/** A link that dials once the node's first status has been reported, and again whenever the connection is lost. */
export function createNodeLink(options: NodeLinkOptions): NodeLink & Required<Pick<NodeLink, 'renewCertificate'>> {
  return new SessionLink(options);
}

class SessionLink implements NodeLink, SessionOwner {
  private readonly mirrors = new Map(mirrored.map((resource) => [resource as string, new MirrorCopy(resource)]));
  private readonly reports = new Reports();
  private readonly calls: Calls;
  private readonly logger: Logger;
  private session: Session | undefined;
  private handlers: NodeHandlers | undefined;
  private retryTimer: Timer | undefined;
  private failures = 0;
  private closing = false;

  constructor(private readonly options: NodeLinkOptions) {
    this.logger = options.logger ?? silentLogger;
    this.calls = new Calls(options.clock, () => this.session?.wake());
    const metrics = options.metrics ?? noMetrics;
    metrics.gauge({
      name: 'berth_agent_connected',
      help: '1 while the agent holds a session with the control plane.',
      collect: (gauge) => gauge.set(this.connected ? 1 : 0),
    });
    metrics.gauge({
      name: 'berth_agent_reports_unacknowledged',
      help: 'Reports that the control plane has not acknowledged yet.',
      collect: (gauge) => gauge.set(this.reports.size),
    });
  }

  get connected(): boolean {
    return this.session?.established ?? false;
  }

  mirror<T extends KubeObject>(resource: MirroredResource): Mirror<T> {
    return this.mirrors.get(resource) as unknown as Mirror<T>;
  }

  reportPodStatus(update: PodStatusUpdate): void {
    this.reports.podStatus(update);
    this.session?.wake();
  }

  reportPodGone(at: Required<ObjectName>, uid: string): void {
    this.reports.podGone(at, uid);
    this.session?.wake();
  }

  reportNodeStatus(status: V1NodeStatus): void {
    this.reports.node(status);
    if (this.session) this.session.wake();
    else if (!this.retryTimer && !this.closing) this.dial();
  }

  reportUsage(usage: NodeUsage): void {
    this.reports.usageOf(usage);
    this.session?.wake();
  }

  recordEvent(event: CoreV1Event): void {
    this.reports.event(event);
    this.session?.wake();
  }

  createToken(request: ServiceAccountTokenRequest): Promise<{ token: string; expirationTimestamp: string }> {
    const { pod, ...rest } = request;
    return this.calls.make({ $case: 'createToken', value: { ...rest, podName: pod.name, podUid: pod.uid } });
  }

  readObject(resource: string, at: ObjectName): Promise<KubeObject> {
    return this.calls.make({
      $case: 'readObject',
      value: { resource, namespace: at.namespace ?? '', name: at.name },
    });
  }

  async renewCertificate(request: string): Promise<string> {
    const answer = await this.calls.make<{ certificate: string }>({ $case: 'renewCertificate', value: request });
    return answer.certificate;
  }

  serve(handlers: NodeHandlers): void {
    this.handlers = handlers;
  }

  async close(): Promise<void> {
    this.closing = true;
    this.retryTimer?.cancel();
    this.calls.abort();
    this.session?.end(new Error('the agent is stopping'));
  }

  hello(): Hello {
    const node = { ...this.options.node, status: this.reports.latestNodeStatus };
    return {
      nodeName: this.options.node.metadata?.name ?? '',
      agentVersion: this.options.agentVersion,
      node: encodeJson(node),
      known: [...this.mirrors.values()].map((mirror) => mirror.known()),
    };
  }

  welcomed(serverId: string): void {
    this.failures = 0;
    this.logger.info('connected to the control plane', { server: serverId });
    this.reports.restart();
    this.calls.restart();
  }

  pull(): AgentMessage | undefined {
    return this.calls.pull() ?? this.reports.pull();
  }

  received(message: ServerMessage): void {
    const body = message.body;
    if (body?.$case === 'changes') {
      this.mirrors.get(body.value.resource)?.apply(body.value.changes, body.value.synced);
    } else if (body?.$case === 'acknowledgement') {
      this.reports.acknowledge(body.value.sequences);
    } else if (body?.$case === 'call') {
      this.calls.answer(body.value);
    }
  }

  opened(...[open, stream]: Parameters<SessionOwner['opened']>): void {
    void serveStream(open, stream, this.handlers);
  }

  asked(...[request, answer]: Parameters<SessionOwner['asked']>): void {
    void serveHttp(request, this.handlers).then((value) => answer({ body: { $case: 'http', value } }));
  }

  ended(error: Error): void {
    this.session = undefined;
    if (this.closing) return;
    this.failures++;
    const delayMs = backoffMs(reconnectBackoff, this.failures) * (1 - jitterShare * this.options.random.next());
    this.logger.warn('no session with the control plane', { error: error.message, retryMs: Math.round(delayMs) });
    this.retryTimer = this.options.clock.setTimer(delayMs, () => this.dial());
  }

  private dial(): void {
    this.retryTimer = undefined;
    this.session = new Session(this.options.transport, this, this.options.clock);
  }
}
