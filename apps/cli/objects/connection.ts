import { existsSync } from 'node:fs';
import { homeFrom } from '../../../libs/provision/home.ts';
import { Api } from '../api.ts';
import { CliError } from '../command.ts';
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

/** `pod/web`, or `pod web`: the kind and the names asked for. @throws CliError */
export function readTarget(kinds: Kinds, words: readonly string[]): { kind: ServedKind; names: string[] } {
  const [first = '', ...rest] = words;
  const slash = first.indexOf('/');
  if (slash < 0) return { kind: kinds.named(first), names: rest };
  return { kind: kinds.named(first.slice(0, slash)), names: [first.slice(slash + 1), ...rest] };
}
