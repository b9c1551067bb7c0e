import { createWriteStream, type WriteStream } from 'node:fs';
import { readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';
import type { Clock, Timer } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';
import type { Counter, Metrics } from '../base/metrics.ts';

export interface AuditLogOptions {
  /** A file, or `-` for the standard output. */
  readonly path: string;
  /** The file is put aside when it is larger than this; never when 0. */
  readonly sizeBytesMax: number;
  /** How many files that were put aside are kept; all when 0. */
  readonly backupsMax: number;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/** What may wait to be written. More is dropped: requests do not wait for the log. */
const bufferedBytesMax = 32 * 1024 * 1024;
/** Lines are written together after this long, or when so much has come together. */
const flushMs = 50;
const flushBytes = 256 * 1024;

/** Writes lines to a file, in the background and in order, and begins a new file when one is full. */
export class AuditLog {
  private readonly dropped: Counter;
  private lines: string[] = [];
  private lineBytes = 0;
  private waitingBytes = 0;
  private timer: Timer | undefined;
  private stream: WriteStream | undefined;
  private fileBytes = 0;
  private writing: Promise<void> = Promise.resolve();

  constructor(private readonly options: AuditLogOptions) {
    this.dropped = options.metrics.counter({
      name: 'apiserver_audit_error_total',
      help: 'Audit events that could not be noted, by what they were for.',
      labels: ['plugin'],
    });
  }

  /** Opens the file. Rejects when it cannot be written. */
  async open(): Promise<void> {
    const { path } = this.options;
    if (path === '-') return;
    this.fileBytes = await stat(path).then(
      ({ size }) => size,
      () => 0,
    );
    const stream = createWriteStream(path, { flags: 'a', mode: 0o600 });
    await new Promise<void>((resolve, reject) => {
      stream.once('open', () => resolve());
      stream.once('error', reject);
    });
    stream.on('error', (error) =>
      this.options.logger.error('the audit log cannot be written', { error: error.message }),
    );
    this.stream = stream;
  }

  add(line: string): void {
    if (this.waitingBytes + line.length > bufferedBytesMax) {
      this.dropped.add(1, { plugin: 'log' });
      return;
    }
    this.lines.push(line);
    this.lineBytes += line.length;
    this.waitingBytes += line.length;
    if (this.lineBytes >= flushBytes) this.flush();
    else this.timer ??= this.options.clock.setTimer(flushMs, () => this.flush());
  }

  /** Resolves when everything that was added has been written. */
  async close(): Promise<void> {
    this.flush();
    await this.writing;
    await new Promise<void>((resolve) => (this.stream ? this.stream.end(() => resolve()) : resolve()));
  }

  private flush(): void {
    this.timer?.cancel();
    this.timer = undefined;
    if (this.lines.length === 0) return;
    const { length } = this.lines;
    const characters = this.lineBytes;
    const bytes = Buffer.from(`${this.lines.join('\n')}\n`);
    this.lines = [];
    this.lineBytes = 0;
    this.writing = this.writing
      .then(() => this.write(bytes))
      .catch((error: unknown) => {
        this.dropped.add(length, { plugin: 'log' });
        this.options.logger.error('audit events were lost', { error: String(error) });
      })
      .finally(() => {
        this.waitingBytes -= characters;
      });
  }

  private async write(bytes: Buffer): Promise<void> {
    const { path, sizeBytesMax } = this.options;
    if (path === '-') {
      process.stdout.write(bytes);
      return;
    }
    if (sizeBytesMax > 0 && this.fileBytes > 0 && this.fileBytes + bytes.length > sizeBytesMax) await this.rotate();
    this.fileBytes += bytes.length;
    await new Promise<void>((resolve, reject) => {
      this.stream?.write(bytes, (error) => (error ? reject(error) : resolve()));
    });
  }

  /** `audit.log` becomes `audit-<time>.log`; the oldest of these go. */
  private async rotate(): Promise<void> {
    const { path, clock, backupsMax } = this.options;
    await new Promise<void>((resolve) => (this.stream ? this.stream.end(() => resolve()) : resolve()));
    const extension = extname(path);
    const stem = basename(path, extension);
    const time = new Date(clock.now()).toISOString().replaceAll(':', '-');
    await rename(path, join(dirname(path), `${stem}-${time}${extension}`));
    await this.open();
    if (backupsMax === 0) return;
    const names = await readdir(dirname(path));
    const backups = names.filter((name) => name.startsWith(`${stem}-2`) && name.endsWith(extension)).sort();
    for (const name of backups.slice(0, Math.max(0, backups.length - backupsMax))) {
      await rm(join(dirname(path), name), { force: true });
    }
  }
}
