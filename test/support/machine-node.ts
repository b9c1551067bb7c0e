import { spawn } from 'node:child_process';
import { connect } from 'node:net';
import type { Readable } from 'node:stream';
import { StatusError } from '../../libs/base/status.ts';
import type { ByteStream, ExecRequest, NodeHandlers } from '../../libs/node/link.ts';
import { emptyNode } from './session-cluster.ts';

/** A node whose "containers" are processes of this machine. */
export class MachineNode {
  /** Logs that are being followed. */
  following = 0;

  readonly handlers: NodeHandlers = {
    ...emptyNode,
    exec: runProcess,
    logs: async (request, stream) => {
      const lines = ['first', 'second'].slice(-(request.tailLines ?? 2));
      await stream.write(0, Buffer.from(lines.map((line) => `${line}\n`).join('')));
      this.following++;
      for (let tick = 0; request.follow && !stream.closed.aborted; tick++) {
        await stream.write(0, Buffer.from(`tick ${tick}\n`));
        await new Promise((resolve) => setImmediate(resolve));
      }
      this.following--;
    },
    async portForward(request, stream) {
      const socket = connect(request.port, '127.0.0.1');
      await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
      const down = (async () => {
        for await (const data of socket) await stream.write(0, data);
      })();
      for await (const item of stream.incoming) {
        if ('end' in item) socket.end();
        else socket.write(item.data);
      }
      socket.destroy();
      await down.catch(() => {});
    },
  };
}

async function runProcess(request: ExecRequest, stream: ByteStream): Promise<void> {
  const [program = '', ...args] = request.command;
  if (program === 'refused') throw new StatusError('Forbidden', 'not today');
  const child = spawn(program, args);
  stream.closed.addEventListener('abort', () => child.kill());
  const copies = [copy(child.stdout, 1, stream), copy(child.stderr, 2, stream)];
  void (async () => {
    for await (const item of stream.incoming) {
      if ('end' in item) child.stdin.end();
      else if (item.channel === 0 && !child.stdin.write(item.data))
        await new Promise((r) => child.stdin.once('drain', r));
    }
  })().catch(() => {});
  if (!request.stdin) child.stdin.end();
  const code = await new Promise<number>((resolve) => child.once('close', (value) => resolve(value ?? 1)));
  await Promise.all(copies);
  const causes = [{ reason: 'ExitCode', message: String(code) }];
  const failure = { status: 'Failure', reason: 'NonZeroExitCode', message: 'it failed', details: { causes } };
  await stream.write(3, Buffer.from(JSON.stringify(code === 0 ? { status: 'Success' } : failure)));
}

async function copy(from: Readable, channel: number, stream: ByteStream): Promise<void> {
  for await (const data of from) await stream.write(channel, data as Buffer);
}
