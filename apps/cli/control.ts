import { rm } from 'node:fs/promises';
import { createServer, request, type Server } from 'node:http';
import { CliError } from './command.ts';

/** Answers one request of another `berth` command of the same home. */
export type ControlHandler = (path: string) => Promise<unknown>;

const requestTimeoutMs = 120_000;

/** Listens on a unix socket, which only root can open, for `berth status`, `berth node` and the like. */
export async function serveControl(path: string, handle: ControlHandler): Promise<Server> {
  await rm(path, { force: true });
  const server = createServer((incoming, response) => {
    handle(incoming.url ?? '/').then(
      (answer) => response.writeHead(200).end(JSON.stringify(answer ?? {})),
      (error: Error) => response.writeHead(400).end(JSON.stringify({ message: error.message })),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, resolve);
  });
  server.unref();
  return server;
}

/** Asks the running `berth up`. Undefined when none listens. @throws CliError with its refusal */
export function askControl(path: string, target: string): Promise<Record<string, unknown> | undefined> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      { socketPath: path, path: target, method: 'POST', timeout: requestTimeoutMs },
      (incoming) => {
        let text = '';
        incoming.on('data', (chunk) => {
          text += String(chunk);
        });
        incoming.on('end', () => {
          const answer = JSON.parse(text) as Record<string, unknown>;
          if (incoming.statusCode === 200) resolve(answer);
          else reject(new CliError(String(answer.message)));
        });
      },
    );
    outgoing.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' || error.code === 'ECONNREFUSED') resolve(undefined);
      else reject(error);
    });
    outgoing.end();
  });
}
