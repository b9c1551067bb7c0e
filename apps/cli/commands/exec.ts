import { parseArgs } from 'node:util';
import { WebSocket } from 'ws';
import type { Api } from '../api.ts';
import { CliError, type Command, UsageError } from '../command.ts';
import { commonOptions, withApi } from '../objects/connection.ts';
import { pathOf } from '../objects/kinds.ts';

const protocol = 'v5.channel.k8s.io';
/** Channels of the remote command protocol; 255 closes the one that the next byte names. */
const channels = { stdin: 0, stdout: 1, stderr: 2, status: 3, resize: 4, close: 255 } as const;

interface ExecStatus {
  status?: string;
  message?: string;
  details?: { causes?: Array<{ reason?: string; message?: string }> };
}

export const exec: Command = {
  usage: `berth exec [-i] [-t] POD -- COMMAND: runs a command in a container

  -i, --stdin                 pass standard input
  -t, --tty                   with a terminal
  -c, --container NAME        when the pod has several
  -n, --namespace NAMESPACE   (default)
`,
  async run(argv) {
    const split = argv.indexOf('--');
    if (split < 0 || split === argv.length - 1) throw new UsageError('berth exec needs -- COMMAND');
    const { values, positionals } = parseArgs({
      args: argv.slice(0, split),
      allowPositionals: true,
      options: {
        ...commonOptions,
        stdin: { type: 'boolean', short: 'i', default: false },
        tty: { type: 'boolean', short: 't', default: false },
        container: { type: 'string', short: 'c' },
      },
    });
    const name = positionals[0]?.replace(/^pods?\//, '');
    if (!name) throw new UsageError('berth exec needs the name of a pod');
    const tty = values.tty && process.stdout.isTTY;
    const query = new URLSearchParams({
      stdin: String(values.stdin),
      stdout: 'true',
      stderr: String(!tty),
      tty: String(tty),
    });
    for (const word of argv.slice(split + 1)) query.append('command', word);
    if (values.container !== undefined) query.set('container', values.container);
    return withApi((api, kinds) => {
      const path = `${pathOf(kinds.named('pods'), values.namespace, name)}/exec?${query}`;
      return talk(api, path, { stdin: values.stdin, tty });
    });
  },
};

/** Connects this terminal to the command; resolves to its exit code. */
function talk(api: Api, path: string, wanted: { stdin: boolean; tty: boolean }): Promise<number> {
  const url = new URL(path, api.url.replace(/^https/, 'wss'));
  const socket = new WebSocket(url, protocol, { ...api.tls });
  return new Promise<number>((resolve, reject) => {
    let code: number | undefined;
    socket.on('open', () => {
      if (wanted.tty) useTerminal(socket);
      if (wanted.stdin) passInput(socket);
    });
    socket.on('message', (data: Buffer) => {
      const [channel, rest] = [data[0], data.subarray(1)];
      if (channel === channels.stdout) process.stdout.write(rest);
      else if (channel === channels.stderr) process.stderr.write(rest);
      else if (channel === channels.status) code = exitCodeOf(JSON.parse(rest.toString()) as ExecStatus);
    });
    socket.on('unexpected-response', (_, answer) =>
      reject(new CliError(`the server refused: ${answer.statusCode} ${answer.statusMessage}`)),
    );
    socket.on('error', reject);
    socket.on('close', () => {
      if (process.stdin.isTTY) process.stdin.setRawMode(false);
      process.stdin.pause();
      if (code === undefined) reject(new CliError('the connection ended before the command did'));
      else resolve(code);
    });
  });
}

function passInput(socket: WebSocket): void {
  process.stdin.on('data', (part: Buffer) => socket.send(Buffer.concat([Buffer.of(channels.stdin), part])));
  process.stdin.on('end', () => socket.send(Buffer.of(channels.close, channels.stdin)));
}

/** Keys go through as they are typed, and the command learns the terminal's size. */
function useTerminal(socket: WebSocket): void {
  if (process.stdin.isTTY) process.stdin.setRawMode(true);
  const tellSize = () => {
    const size = JSON.stringify({ Width: process.stdout.columns, Height: process.stdout.rows });
    socket.send(Buffer.concat([Buffer.of(channels.resize), Buffer.from(size)]));
  };
  process.stdout.on('resize', tellSize);
  tellSize();
}

function exitCodeOf({ status, message, details }: ExecStatus): number {
  if (status === 'Success') return 0;
  const cause = details?.causes?.find(({ reason }) => reason === 'ExitCode');
  if (cause?.message === undefined) throw new CliError(message ?? 'the command could not be run');
  return Number(cause.message);
}
