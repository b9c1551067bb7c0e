import { readFile } from 'node:fs/promises';
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';
import type { Metrics } from '../base/metrics.ts';
import type { Random } from '../base/random.ts';
import { Auditor } from './auditor.ts';
import { AuditLog } from './log.ts';
import { AuditPolicy } from './policy.ts';

/** What the command line says about the audit log. */
export interface AuditFlags {
  readonly policyFile: string;
  /** A file, or `-` for the standard output. */
  readonly logPath: string;
  readonly sizeMegabytesMax: number;
  readonly backupsMax: number;
}

export interface AuditTools {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

const megabyte = 1024 * 1024;

/** Reads the policy and opens the log. @throws Error that says what is wrong with either. */
export async function openAudit(flags: AuditFlags, tools: AuditTools): Promise<Auditor> {
  const policy = new AuditPolicy(await readFile(flags.policyFile, 'utf8'));
  const sizeBytesMax = flags.sizeMegabytesMax * megabyte;
  const log = new AuditLog({ path: flags.logPath, sizeBytesMax, backupsMax: flags.backupsMax, ...tools });
  await log.open();
  return new Auditor({ policy, log, ...tools });
}
