import type { ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { V1Pod } from '../../../libs/api/gen/types.ts';
import { pods } from '../../../libs/api/kinds/pod.ts';
import { assert } from '../../../libs/base/assert.ts';
import { StatusError } from '../../../libs/base/status.ts';
import type { ApiServerExtension, ExtensionContext, ExtensionRequest, ExtensionRoute } from '../extension.ts';
import type { NodeStreams } from '../node-session/sessions.ts';
import { ByteDuplex } from './byte-duplex.ts';
import { sendStream, sendWebSocket } from './logs.ts';
import {
  attachRequest,
  type ContainerTarget,
  containerTarget,
  execRequest,
  logsRequest,
  requireRunnable,
} from './parameters.ts';
import { servePortForward } from './port-forward.ts';
import { backendPath, forwardRequest, forwardUpgrade, secured } from './proxy.ts';
import { parseProxyName, podTarget, serviceTarget } from './proxy-target.ts';
import { serveRemoteCommand } from './remote-command.ts';

/** The subresources that reach into a pod or a node: exec, attach, port-forward, logs, and the node's own pages. */
export function streamingExtension(options: { nodes: NodeStreams }): ApiServerExtension {
  return new Streaming(options.nodes);
}

type Proxied = 'pods' | 'services';
type Upgrade = NonNullable<ExtensionRoute['upgrade']>;
type Handle = ExtensionRoute['handle'];

class Streaming implements ApiServerExtension {
  readonly name = 'streaming';
  readonly routes: readonly ExtensionRoute[] = [
    this.route('pods', 'exec', needsUpgrade, (...args) => this.exec(...args)),
    this.route('pods', 'attach', needsUpgrade, (...args) => this.attach(...args)),
    this.route('pods', 'portforward', needsUpgrade, (...args) => this.portForward(...args)),
    this.route(
      'pods',
      'log',
      (...args) => this.logs(...args),
      (...args) => this.logsUpgrade(...args),
    ),
    this.route('nodes', 'proxy', (...args) => this.nodeProxy(...args)),
    ...(['pods', 'services'] as const).map((plural) =>
      this.route(
        plural,
        'proxy',
        (...args) => this.proxy(plural, ...args),
        (...args) => this.proxyUpgrade(plural, ...args),
      ),
    ),
  ];
  private context: ExtensionContext | undefined;

  constructor(private readonly nodes: NodeStreams) {}

  async start(context: ExtensionContext): Promise<void> {
    this.context = context;
  }

  private route(plural: string, subresource: string, handle: Handle, upgrade?: Upgrade): ExtensionRoute {
    return { match: { group: '', plural, subresource }, handle, upgrade };
  }

  /** The container that is asked for. @throws StatusError when its pod has ended. */
  private async runnable(request: ExtensionRequest): Promise<ContainerTarget> {
    const pod = await this.pod(request);
    requireRunnable(pod);
    return containerTarget(pod, request.query.get('container'));
  }

  private async exec(request: ExtensionRequest, socket: Duplex, head: Buffer): Promise<void> {
    const target = await this.runnable(request);
    const exec = execRequest(request.query, target);
    const open = () => this.nodes.open(target.nodeName, { kind: 'exec', request: exec });
    await serveRemoteCommand({ raw: request.raw, socket, head }, { request: exec, open, clock: this.started.clock });
  }

  private async attach(request: ExtensionRequest, socket: Duplex, head: Buffer): Promise<void> {
    const target = await this.runnable(request);
    const attach = attachRequest(request.query, target);
    const open = () => this.nodes.open(target.nodeName, { kind: 'attach', request: attach });
    await serveRemoteCommand({ raw: request.raw, socket, head }, { request: attach, open, clock: this.started.clock });
  }

  private async portForward(request: ExtensionRequest, socket: Duplex, head: Buffer): Promise<void> {
    const pod = await this.pod(request);
    const { name = '', namespace = '', uid = '' } = pod.metadata ?? {};
    const nodeName = pod.spec?.nodeName;
    if (!nodeName) throw new StatusError('BadRequest', `pod ${name} does not have a host assigned`);
    const ports = request.query.getAll('ports').flatMap((value) => value.split(',').map(Number));
    await servePortForward(
      { raw: request.raw, socket, head },
      {
        ports,
        open: (port) =>
          this.nodes.open(nodeName, { kind: 'portForward', request: { pod: { namespace, name, uid }, port } }),
        clock: this.started.clock,
        logger: this.started.logger,
      },
    );
  }

  private async logs(request: ExtensionRequest, response: ServerResponse): Promise<void> {
    const target = containerTarget(await this.pod(request), request.query.get('container'));
    const logs = logsRequest(request.query, target);
    if (target.nodeName === '') {
      // Nothing has been said yet.
      response.writeHead(200, { 'content-type': 'text/plain' });
      response.end();
      return;
    }
    const stream = await this.nodes.open(target.nodeName, { kind: 'logs', request: logs });
    await sendStream(response, stream, 'text/plain');
  }

  private async logsUpgrade(request: ExtensionRequest, socket: Duplex, head: Buffer): Promise<void> {
    const target = containerTarget(await this.pod(request), request.query.get('container'));
    const logs = logsRequest(request.query, target);
    const open = () => this.nodes.open(target.nodeName, { kind: 'logs', request: logs });
    await sendWebSocket({ raw: request.raw, socket, head }, open);
  }

  private async nodeProxy(request: ExtensionRequest, response: ServerResponse): Promise<void> {
    if (request.method !== 'GET') throw new StatusError('MethodNotAllowed', 'nodes answer GET only');
    // Agents have no port of their own to choose from.
    const { name } = parseProxyName('node', request.resource?.name ?? '');
    const answer = await this.nodes.httpGet(name, backendPath(request));
    response.writeHead(answer.status, { 'content-type': answer.contentType });
    response.end(answer.body);
  }

  private async proxy(plural: Proxied, request: ExtensionRequest, response: ServerResponse): Promise<void> {
    if (request.rest === '' && !request.path.endsWith('/') && ['GET', 'HEAD'].includes(request.method)) {
      // So that the links of the page are relative to it.
      response.writeHead(301, { location: `${request.path}/${request.query.size > 0 ? `?${request.query}` : ''}` });
      response.end();
      return;
    }
    await forwardRequest(request, response, await this.backend(plural, request));
  }

  private async proxyUpgrade(...[plural, request, socket, head]: [Proxied, ...Parameters<Upgrade>]): Promise<void> {
    await forwardUpgrade(request, { socket, head }, await this.backend(plural, request));
  }

  /** A connection to the pod that the request is for, through its node. */
  private async backend(
    plural: Proxied,
    { resource }: ExtensionRequest,
  ): Promise<{ connection: Duplex; host: string }> {
    const { client, random } = this.started;
    const id = resource?.name ?? '';
    const target =
      plural === 'pods'
        ? await podTarget(client, resource?.namespace, id)
        : await serviceTarget({ client, random }, resource?.namespace, id);
    const plain = await this.connectPod(target.pod, target.port);
    const host = `${target.pod.status?.podIP ?? 'localhost'}:${target.port}`;
    return { connection: target.secure ? secured(plain) : plain, host };
  }

  async connectPod({ metadata, spec }: V1Pod, port: number): Promise<Duplex> {
    const { name = '', namespace = '', uid = '' } = metadata ?? {};
    if (!spec?.nodeName) throw new StatusError('BadRequest', 'address not allowed');
    const request = { pod: { namespace, name, uid }, port };
    return new ByteDuplex(await this.nodes.open(spec.nodeName, { kind: 'portForward', request }));
  }

  private async pod(request: ExtensionRequest): Promise<V1Pod> {
    const { namespace, name = '' } = request.resource ?? {};
    return await this.started.client.get(pods, { namespace, name });
  }

  private get started(): ExtensionContext {
    assert(this.context, 'requests come after the start');
    return this.context;
  }
}

async function needsUpgrade(): Promise<void> {
  throw new StatusError('BadRequest', 'Upgrade request required');
}
