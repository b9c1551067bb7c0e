import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';

const dist = process.env.BERTH_DIST ?? join(import.meta.dirname, '../../dist');

/** A program of this build in a process of its own, such as `controllers`, that works until it is ended. */
export class ProgramProcess {
  /** What it has written so far. */
  output = '';
  private readonly child: ChildProcess;
  private readonly ended: Promise<number | null>;

  constructor(app: string, flags: readonly string[]) {
    const argv = [join(dist, 'apps', app, 'main.js'), ...flags];
    this.child = spawn(process.execPath, argv, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, NODE_OPTIONS: '' },
    });
    const read = (chunk: Buffer) => {
      this.output += chunk.toString();
    };
    this.child.stdout?.on('data', read);
    this.child.stderr?.on('data', read);
    this.ended = new Promise((resolve) => this.child.once('exit', resolve));
  }

  get pid(): number | undefined {
    return this.child.pid;
  }

  /** Resolves with the exit code; null when a signal ended it. */
  end(signal: NodeJS.Signals): Promise<number | null> {
    this.child.kill(signal);
    return this.ended;
  }
}
