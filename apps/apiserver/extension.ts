import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { V1Pod } from '../../libs/api/gen/types.ts';
import type { KubeObject } from '../../libs/api/meta.ts';
import type { ResourceAttributes } from '../../libs/auth/attributes.ts';
import type { UserInfo } from '../../libs/auth/user.ts';
import type { Clock } from '../../libs/base/clock.ts';
import type { Logger } from '../../libs/base/log.ts';
import type { Metrics } from '../../libs/base/metrics.ts';
import type { Random } from '../../libs/base/random.ts';
import type { Client } from '../../libs/client/client.ts';
import type { UsageBoard } from '../../libs/registry/usage.ts';

/** A request that has been authenticated and authorised and that an extension answers by itself. */
export interface ExtensionRequest {
  readonly raw: IncomingMessage;
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly user: UserInfo;
  /** Absent for plain paths. For `.../pods/p/exec` it has name `p` and subresource `exec`. */
  readonly resource: ResourceAttributes | undefined;
  /** What follows the subresource in the path, without a leading slash: `metrics/cadvisor` in `nodes/n/proxy/metrics/cadvisor`. */
  readonly rest: string;
  /** The whole body; empty when there is none. */
  readonly body: Buffer;
}

/** Which requests an extension takes: a subresource of a kind, or all plain paths under a prefix. */
export interface ExtensionRoute {
  readonly match:
    | { readonly group: string; readonly plural: string; readonly subresource: string }
    | { readonly pathPrefix: string };
  /** Answers without credentials too, for paths only: the handler itself says who may. */
  readonly anonymous?: boolean;
  /**
   * Owns the response and must end it. A rejection before the head is sent becomes a Status answer, later it destroys
   * the connection.
   */
  handle(request: ExtensionRequest, response: ServerResponse): Promise<void>;
  /**
   * Takes over the socket of a request with `Connection: Upgrade`; nothing has been written to it. A rejection before
   * the first byte becomes a Status answer. Absent: such requests are answered 400.
   */
  upgrade?(request: ExtensionRequest, socket: Duplex, head: Buffer): Promise<void>;
}

/** A write that was tried and not stored. */
export interface DryRun {
  readonly user: UserInfo;
  /** As it would be stored. */
  readonly object: KubeObject;
  /** As it is stored now. */
  readonly previous: KubeObject | undefined;
}

/** What the server lends to its extensions. */
export interface ExtensionContext {
  /** Acts as the control plane itself: no authorisation, admission applies. */
  readonly client: Client;
  /** The same API with every call authorised for `user` first. */
  clientAs(user: UserInfo): Client;
  readonly usage: UsageBoard;
  /** Names this process among API servers, stable while it runs. */
  readonly serverId: string;
  /** The port that the API is served on. */
  readonly port: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/** Something that shares the server's process, address and identity: node sessions, container streams. */
export interface ApiServerExtension {
  readonly name: string;
  readonly routes?: readonly ExtensionRoute[];
  /** Opens a connection to a port of a pod from where pods can be reached; needs no start. */
  connectPod?(pod: V1Pod, port: number): Promise<Duplex>;
  /** Texts for Warnings on a dry run: what else it would mean. */
  advise?(dryRun: DryRun): Promise<string[]>;
  /** Runs once the registry is ready and before the first request is answered. */
  start?(context: ExtensionContext): Promise<void>;
  /** Runs after the last request has been answered. */
  stop?(): Promise<void>;
}
