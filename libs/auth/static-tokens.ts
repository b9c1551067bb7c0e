import { createHash } from 'node:crypto';
import type { TokenAuthenticator } from './authenticator.ts';
import { systemGroups, type UserInfo } from './user.ts';

/** Recognises the tokens of a file: lines of token, user, uid and, in quotes, groups with commas between them. */
export class StaticTokens implements TokenAuthenticator {
  private readonly users = new Map<string, UserInfo>();

  /** @throws Error that names the line which is wrong. */
  constructor(csv: string) {
    csv.split(/\r?\n/).forEach((line, index) => {
      if (line.trim() === '' || line.startsWith('#')) return;
      const [token, name, uid, groups = ''] = cellsOf(line);
      if (!token || !name || uid === undefined) {
        throw new Error(`line ${index + 1} of the token file must have a token, a user and a uid`);
      }
      const own = groups.split(',').map((group) => group.trim());
      const known = { name, uid, groups: [...own.filter(Boolean), systemGroups.authenticated] };
      this.users.set(digest(token), known);
    });
  }

  authenticate(token: string): Promise<UserInfo | undefined> {
    return Promise.resolve(this.users.get(digest(token)));
  }
}

/** Looked up by its digest, a token does not show in how long the look takes. */
function digest(token: string): string {
  return createHash('sha256').update(token).digest('base64');
}

/** The cells of a line (RFC 4180): quoted ones may have commas, and quotes by doubling them. */
function cellsOf(line: string): string[] {
  const cells = line.matchAll(/(?:^|,)\s*(?:"((?:[^"]|"")*)"|([^,]*))/g);
  return Array.from(cells, ([, quoted, plain = '']) => quoted?.replaceAll('""', '"') ?? plain.trim());
}
