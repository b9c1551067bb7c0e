import { parseVersion, type Version, versionText } from './version.ts';

export const levels = ['privileged', 'baseline', 'restricted'] as const;
export type Level = (typeof levels)[number];

/** A standard as of a version of Kubernetes. */
export interface Standard {
  readonly level: Level;
  readonly version: Version;
}

const modes = ['enforce', 'audit', 'warn'] as const;
type Mode = (typeof modes)[number];
export type Policy = Readonly<Record<Mode, Standard>>;

export interface LabelError {
  readonly label: string;
  readonly value: string;
  readonly message: string;
}

const prefix = 'pod-security.kubernetes.io/';
const standardDefault: Standard = { level: 'privileged', version: 'latest' };

/** `restricted:v1.24`, as messages have it. */
export function standardText({ level, version }: Standard): string {
  return `${level}:${versionText(version)}`;
}

export function isStricter(one: Level, other: Level): boolean {
  return levels.indexOf(one) > levels.indexOf(other);
}

export function isSame(one: Standard, other: Standard): boolean {
  return one.level === other.level && one.version === other.version;
}

/**
 * What a namespace's labels ask for. A label that cannot be understood enforces the strictest standard, and neither
 * audits nor warns. Who enforces without a word on warnings is warned by what is enforced.
 */
export function policyOf(labels: Readonly<Record<string, string>> = {}): {
  policy: Policy;
  errors: readonly LabelError[];
} {
  const errors: LabelError[] = [];
  const read = (mode: Mode): Standard => {
    const level = labels[prefix + mode];
    const version = labels[`${prefix}${mode}-version`];
    const known = level === undefined || isLevel(level);
    if (!known) errors.push({ label: prefix + mode, value: level, message: `must be one of ${levels.join(', ')}` });
    const parsed = version === undefined ? 'latest' : parseVersion(version);
    if (parsed === undefined) {
      errors.push({ label: `${prefix}${mode}-version`, value: version ?? '', message: 'must be "latest" or "v1.x"' });
    }
    const strictest = mode === 'enforce' ? 'restricted' : 'privileged';
    return { level: known ? (level ?? standardDefault.level) : strictest, version: parsed ?? 'latest' };
  };
  const [enforce, audit, warn] = [read('enforce'), read('audit'), read('warn')];
  return { policy: { enforce, audit, warn: defaultedWarn({ labels, enforce, warn }) }, errors };
}

function defaultedWarn({
  labels,
  enforce,
  warn,
}: {
  labels: Readonly<Record<string, string>>;
  enforce: Standard;
  warn: Standard;
}): Standard {
  const enforced = labels[`${prefix}enforce`];
  const follows = enforced !== undefined && isLevel(enforced) && labels[`${prefix}warn`] === undefined;
  if (!follows || !isStricter(enforce.level, warn.level)) return warn;
  const version = labels[`${prefix}warn-version`] === undefined ? enforce.version : warn.version;
  return { level: enforce.level, version };
}

function isLevel(text: string): text is Level {
  return (levels as readonly string[]).includes(text);
}
