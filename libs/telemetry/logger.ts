import type { Clock } from '../base/clock.ts';
import type { LogFields, Logger } from '../base/log.ts';

export const logLevels = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof logLevels)[number];
export type LogFormat = 'json' | 'logfmt';

export interface LoggerOptions {
  clock: Clock;
  /** Lines below it are not written; `info` when absent. */
  level?: LogLevel;
  /** `logfmt` when absent. */
  format?: LogFormat;
  /** Takes one line with its line feed; standard error when absent. */
  write?: (line: string) => void;
}

/** Writes one line for each message: time, level, message, then the fields. */
export function createLogger(options: LoggerOptions): Logger {
  const least = logLevels.indexOf(options.level ?? 'info');
  const render = options.format === 'json' ? renderJson : renderLogfmt;
  const write = options.write ?? ((line: string) => void process.stderr.write(line));
  const { clock } = options;
  const make = (bound: LogFields): Logger => {
    const at = (level: LogLevel) => (message: string, fields?: LogFields) => {
      if (logLevels.indexOf(level) < least) return;
      const time = new Date(clock.now()).toISOString();
      write(`${render({ time, level, message, ...bound, ...fields })}\n`);
    };
    return {
      debug: at('debug'),
      info: at('info'),
      warn: at('warn'),
      error: at('error'),
      with: (fields) => make({ ...bound, ...fields }),
    };
  };
  return make({});
}

function renderJson(fields: LogFields): string {
  return JSON.stringify(fields, (_key, value: unknown) => {
    if (value instanceof Error) return errorText(value);
    return typeof value === 'bigint' ? String(value) : value;
  });
}

function renderLogfmt(fields: LogFields): string {
  const parts: string[] = [];
  for (const [name, value] of Object.entries(fields)) {
    if (value !== undefined) parts.push(`${name}=${quoted(plain(value))}`);
  }
  return parts.join(' ');
}

function plain(value: unknown): string {
  if (value instanceof Error) return errorText(value);
  return typeof value === 'object' && value !== null ? renderJson(value as LogFields) : String(value);
}

function quoted(text: string): string {
  return text === '' || /[\s"=\p{Cc}]/u.test(text) ? JSON.stringify(text) : text;
}

/** The stack, which starts with the message, and the chain of causes. */
function errorText(error: Error): string {
  const own = error.stack ?? `${error.name}: ${error.message}`;
  return error.cause instanceof Error ? `${own}\ncaused by ${errorText(error.cause)}` : own;
}
