import { between, type Rule } from './rule.ts';

/** A path that stays below where it starts: relative and without '..'. */
export const descendingPath: Rule<string> = (path, at) => {
  if (path.startsWith('/')) at.invalid('must be a relative path');
  noBacksteps(path, at, undefined);
};

export const noBacksteps: Rule<string> = (path, at) => {
  if (hasBackstep(path)) at.invalid("must not contain '..'");
};

/** As descendingPath, and not one of the names that atomic writers keep for themselves (`..data`). */
export const localPath: Rule<string> = (path, at) => {
  descendingPath(path, at, undefined);
  if (path.startsWith('..') && !path.startsWith('../')) at.invalid("must not start with '..'");
};

export function hasBackstep(path: string): boolean {
  return path.includes('..') && path.split('/').includes('..');
}

/** Permission bits, 0 to 0777. */
export const fileMode: Rule<number> = between(0, 0o777);
