import { spawn } from 'node:child_process';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { homeFrom, makeHome } from '../../libs/provision/home.ts';
import { say } from './command.ts';

/** What a detached `berth up` tells the one that started it. */
type Message = { line: string } | { ready: true };

export interface ParentReport {
  line(text: string): void;
  ready(): void;
}

/** The way to the starting process, when there is one. */
export function reportToParent(): ParentReport | undefined {
  const send = process.send?.bind(process);
  if (send === undefined) return undefined;
  // Once the starter has gone, lines go where everything else goes: into the log.
  const tell = (message: Message) =>
    process.connected ? void send(message) : say('line' in message ? message.line : '');
  return { line: (line) => tell({ line }), ready: () => tell({ ready: true }) };
}

/** Runs `berth up` with these arguments in a session of its own; resolves once it is ready or has failed. */
export async function detach(argv: readonly string[]): Promise<number> {
  const home = homeFrom(process.env);
  await makeHome(home);
  const path = join(home.logs, 'up.log');
  const log = await open(path, 'a');
  const from = (await log.stat()).size;
  const child = spawn(process.execPath, [process.argv[1]!, 'up', ...argv], {
    detached: true,
    stdio: ['ignore', log.fd, log.fd, 'ipc'],
  });
  // Ctrl-C while it starts is meant for what is starting.
  process.on('SIGINT', () => child.kill('SIGINT'));
  const outcome = await new Promise<number>((resolve) => {
    child.on('message', (message: Message) => {
      if ('line' in message) say(message.line);
      else resolve(0);
    });
    child.once('exit', (code) => resolve(code ?? 1));
    child.once('error', () => resolve(1));
  });
  if (outcome === 0) {
    child.disconnect();
    child.unref();
    say(`runs on in the background; log: ${path}; stop with: berth down`);
  } else {
    await showLog(path, from);
  }
  await log.close();
  return outcome;
}

/** What the failed process wrote since it was started, for the person who waits. */
async function showLog(path: string, from: number): Promise<void> {
  const log = await open(path, 'r');
  try {
    const { size } = await log.stat();
    const { buffer } = await log.read(Buffer.alloc(size - from), 0, size - from, from);
    process.stderr.write(buffer);
  } finally {
    await log.close();
  }
}
