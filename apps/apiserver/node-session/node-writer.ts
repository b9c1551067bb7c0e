import type { V1Node, V1NodeStatus } from '../../../libs/api/gen/types.ts';
import { nodes } from '../../../libs/api/kinds/node.ts';
import { type BackoffPolicy, backoffMs } from '../../../libs/base/backoff.ts';
import { type Clock, sleep } from '../../../libs/base/clock.ts';
import type { Logger } from '../../../libs/base/log.ts';
import { isStatus } from '../../../libs/base/status.ts';
import type { Client } from '../../../libs/client/client.ts';
import { mergeNodeStatus, missingMetadata, newNode } from './node-status.ts';

export interface NodeWriterOptions {
  client: Client;
  nodeName: string;
  /** What the agent registers with; its status is the first one reported. */
  registration: V1Node;
  clock: Clock;
  logger: Logger;
  /** The session's end. */
  signal: AbortSignal;
}

const conflictsMax = 5;
const retryBackoff: BackoffPolicy = { initialMs: 100, maxMs: 5_000 };

/** Keeps one Node object as its agent says it is, for as long as the session lasts. */
export class NodeWriter {
  private status: V1NodeStatus | undefined;
  private acknowledge: Array<() => void> = [];
  private pending = true;
  private running = false;
  private registered = false;

  constructor(private readonly options: NodeWriterOptions) {
    this.status = options.registration.status;
  }

  /** Creates the Node or completes its labels, and writes its status. */
  register(): void {
    this.pending = true;
    void this.run();
  }

  report(status: V1NodeStatus, done: () => void): void {
    this.status = status;
    this.acknowledge.push(done);
    this.register();
  }

  /** Someone has changed the Node: says it again when it is no longer as reported. */
  seen(node: V1Node): void {
    if (this.status && readyOf(node.status) !== readyOf(this.status)) this.register();
  }

  private async run(): Promise<void> {
    if (this.running) return;
    this.running = true;
    const { signal, clock, logger, nodeName } = this.options;
    let failures = 0;
    while (this.pending && !signal.aborted) {
      this.pending = false;
      const acknowledge = this.acknowledge.splice(0);
      try {
        await this.write();
        failures = 0;
        for (const done of acknowledge) done();
      } catch (error) {
        failures++;
        this.pending = true;
        this.acknowledge.unshift(...acknowledge);
        logger.warn('could not write a node', { node: nodeName, error });
        await sleep(clock, backoffMs(retryBackoff, failures), signal).catch(() => {});
      }
    }
    this.running = false;
  }

  private async write(): Promise<void> {
    const { client, nodeName, registration } = this.options;
    for (let attempt = 1; ; attempt++) {
      try {
        let node = await this.readOrCreate();
        if (!node) return;
        this.registered = true;
        const metadata = missingMetadata(node, registration);
        if (metadata) node = await client.patch(nodes, { name: nodeName }, { type: 'merge', body: { metadata } });
        const status = this.status && mergeNodeStatus(node.status, this.status);
        if (status) await client.update(nodes, { ...node, status }, { subresource: 'status' });
        return;
      } catch (error) {
        if (!isStatus(error, 'Conflict', 'AlreadyExists', 'NotFound') || attempt >= conflictsMax) throw error;
      }
    }
  }

  /** Who deletes a Node means it: it comes back with the agent's next session, as with a kubelet's next start. */
  private async readOrCreate(): Promise<V1Node | undefined> {
    const { client, nodeName, registration } = this.options;
    try {
      return await client.get(nodes, { name: nodeName });
    } catch (error) {
      if (!isStatus(error, 'NotFound')) throw error;
      if (this.registered) return undefined;
      return await client.create(nodes, newNode(nodeName, registration));
    }
  }
}

const readyOf = (status: V1NodeStatus | undefined) =>
  status?.conditions?.find((condition) => condition.type === 'Ready')?.status;
