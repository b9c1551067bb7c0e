import { existsSync } from 'node:fs';
import { homeFrom } from '../../../libs/provision/home.ts';
import { Api } from '../api.ts';
import { CliError, UsageError } from '../command.ts';
import { Kinds, type ServedKind } from './kinds.ts';

/** Options that every command about objects takes. */
export const commonOptions = {
  namespace: { type: 'string', short: 'n', default: 'default' },
} as const;

/** Runs with a connection to this home's cluster, and closes it. */
export async function withApi(run: (api: Api, kinds: Kinds) => Promise<number>): Promise<number> {
  const { kubeconfig, path } = homeFrom(process.env);
  if (!existsSync(kubeconfig)) throw new CliError(`no cluster has been started from ${path}; "berth up" does`);
  const api = await Api.from(kubeconfig);
  api.onWarning = (text) => void process.stderr.write(`Warning: ${text}\n`);
  try {
    return await run(api, await Kinds.from(api));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ECONNREFUSED') throw new CliError(`${api.url} does not answer; "berth status" tells what runs`);
    throw error;
  } finally {
    api.close();
  }
}

export interface Target {
  kind: ServedKind;
  /** None means all. */
  names: string[];
}

/** `pod/web deploy/web`, `pod web other`, `deploy,po`: the kinds and the names asked for. @throws CliError */
export function readTargets(kinds: Kinds, words: readonly string[]): Target[] {
  const [first = '', ...rest] = words;
  if (!first.includes('/')) {
    const named = first.split(',').filter((name) => name !== '');
    if (rest.some((word) => word.includes('/'))) {
      throw new UsageError('there is no need to name a kind when each argument is KIND/NAME');
    }
    return named.map((name) => ({ kind: kinds.named(name), names: rest }));
  }
  const targets = new Map<ServedKind, Target>();
  for (const word of words) {
    const slash = word.indexOf('/');
    if (slash < 0) throw new UsageError(`"${word}" names no kind: want KIND/NAME, as the arguments before`);
    const kind = kinds.named(word.slice(0, slash));
    const target = targets.get(kind) ?? { kind, names: [] };
    target.names.push(word.slice(slash + 1));
    targets.set(kind, target);
  }
  return [...targets.values()];
}

/** One object each; for commands that need names. @throws CliError, UsageError */
export function readObjects(
  kinds: Kinds,
  words: readonly string[],
  usage: string,
): Array<{ kind: ServedKind; name: string }> {
  const targets = words.length === 0 ? [] : readTargets(kinds, words);
  if (targets.length === 0 || targets.some(({ names }) => names.length === 0)) throw new UsageError(usage);
  return targets.flatMap(({ kind, names }) => names.map((name) => ({ kind, name })));
}
