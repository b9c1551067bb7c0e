import type { CoreV1Event, V1NodeStatus, V1PodStatus } from '../api/gen/types.ts';
import type { KubeObject, ObjectName } from '../api/meta.ts';

/** The collections that the control plane mirrors to an agent: its own pods, what they refer to, and what routes traffic. */
export type MirroredResource = 'pods' | 'configmaps' | 'secrets' | 'services' | 'endpointslices' | 'nodes';

export interface MirrorChange<T> {
  key: string;
  /** undefined when removed. */
  object: T | undefined;
}

/** A local copy of one collection, kept over lost connections. Objects are immutable. */
export interface Mirror<T extends KubeObject> {
  /** Whether the copy has been complete once since the process started. */
  readonly synced: boolean;
  get(key: string): T | undefined;
  list(): T[];
  /** Calls back after each applied batch, and once at once when already synced. Returns the way to stop. */
  subscribe(listener: (changes: ReadonlyArray<MirrorChange<T>>) => void): () => void;
}

export interface PodStatusUpdate {
  at: Required<ObjectName>;
  uid: string;
  status: V1PodStatus;
}

export interface ServiceAccountTokenRequest {
  namespace: string;
  serviceAccountName: string;
  audiences: string[];
  expirationSeconds: number;
  pod: { name: string; uid: string };
}

/** Bytes in numbered channels between a client of the API and a container. Writes resolve when there is room for more. */
export interface ByteStream {
  /**
   * Ends when the peer has closed the stream as a whole; `end` says that one channel brings nothing more. May be
   * iterated once. Taking the next item makes room for the peer to send more.
   */
  incoming: AsyncIterable<{ channel: number; data: Uint8Array } | { channel: number; end: true }>;
  /**
   * Tells the peer that the call has begun, so that what fails from now on is told within the stream. The first write or
   * read says so too; a server of a call that may be silent for long calls it as soon as nothing can be refused any more.
   */
  accept(): void;
  write(channel: number, data: Uint8Array): Promise<void>;
  /** Nothing more will come on this channel. */
  endChannel(channel: number): void;
  /** Ends the stream; an error reaches the peer as its message. */
  close(error?: Error): void;
  readonly closed: AbortSignal;
}

/** Channels of exec and attach, numbered as in the v5.channel.k8s.io protocol. */
export const execChannels = { stdin: 0, stdout: 1, stderr: 2, error: 3, resize: 4 } as const;

export interface ExecRequest {
  pod: Required<ObjectName> & { uid: string };
  container: string;
  command: string[];
  stdin: boolean;
  stdout: boolean;
  stderr: boolean;
  tty: boolean;
}

export type AttachRequest = Omit<ExecRequest, 'command'>;

export interface LogsRequest {
  pod: Required<ObjectName> & { uid: string };
  container: string;
  follow: boolean;
  previous: boolean;
  timestamps: boolean;
  sinceSeconds?: number;
  sinceTime?: string;
  tailLines?: number;
  limitBytes?: number;
}

export interface PortForwardRequest {
  pod: Required<ObjectName> & { uid: string };
  port: number;
}

/**
 * What the control plane asks of a node. Each call owns its stream and closes it. Errors known before the call accepts,
 * reads or writes reject the promise with a StatusError. Logs and port-forward use channel 0; exec ends with a v1 Status as JSON on
 * the error channel, as the v4 remote command protocol asks.
 */
export interface NodeHandlers {
  exec(request: ExecRequest, stream: ByteStream): Promise<void>;
  attach(request: AttachRequest, stream: ByteStream): Promise<void>;
  logs(request: LogsRequest, stream: ByteStream): Promise<void>;
  portForward(request: PortForwardRequest, stream: ByteStream): Promise<void>;
  /** What the API server's node proxy reads: `/metrics`, `/metrics/cadvisor`, `/stats/summary`, `/healthz`. */
  http(request: { method: string; path: string }): Promise<{ status: number; contentType: string; body: Uint8Array }>;
}

/** CPU in cumulative nanoseconds, memory in bytes, at one time. */
export interface UsageSample {
  cpuNanoseconds: number;
  memoryWorkingSetBytes: number;
  atMs: number;
}

export interface NodeUsage {
  node: UsageSample;
  pods: Array<{
    namespace: string;
    name: string;
    uid: string;
    containers: Array<{ name: string; usage: UsageSample }>;
  }>;
}

/**
 * The agent's end of its one stream to the control plane. Nothing said here is lost while the connection is away:
 * the newest status of each pod and of the node is kept and sent again until it is acknowledged; events are kept up to
 * a named limit. Heartbeats are the link's own business.
 */
export interface NodeLink {
  readonly connected: boolean;
  mirror<T extends KubeObject>(resource: MirroredResource): Mirror<T>;
  reportPodStatus(update: PodStatusUpdate): void;
  /** Says that nothing of a deleted pod is left on the node, so that its object may go. */
  reportPodGone(at: Required<ObjectName>, uid: string): void;
  reportNodeStatus(status: V1NodeStatus): void;
  reportUsage(usage: NodeUsage): void;
  recordEvent(event: CoreV1Event): void;
  createToken(request: ServiceAccountTokenRequest): Promise<{ token: string; expirationTimestamp: string }>;
  /** Reads an object of the API as the node; for what is not mirrored (e.g. an image pull secret). */
  readObject(
    resource: 'secrets' | 'configmaps' | 'persistentvolumeclaims' | 'serviceaccounts' | 'runtimeclasses',
    at: ObjectName,
  ): Promise<KubeObject>;
  /** Has a PKCS #10 request (PEM) certified under the node's name; the certificate as PEM. */
  renewCertificate?(request: string): Promise<string>;
  serve(handlers: NodeHandlers): void;
  close(): Promise<void>;
}
