import type { V1Pod } from '../../api/gen/types.ts';
import type { Clock } from '../../base/clock.ts';
import type { NodeLink } from '../link.ts';

/** A token is replaced when this share of its life has passed, or a day. */
const refreshShare = 0.8;
/** A token is replaced at this age at the latest. */
const ageMsMax = 24 * 3600_000;

interface Held {
  token: string;
  refreshAtMs: number;
  expiresAtMs: number;
}

export interface TokenWish {
  audiences: string[];
  expirationSeconds: number;
}

/** Service account tokens for pods, kept until they near their end. */
export class Tokens {
  readonly #link: Pick<NodeLink, 'createToken'>;
  readonly #clock: Clock;
  readonly #held = new Map<string, Promise<Held>>();

  constructor(link: Pick<NodeLink, 'createToken'>, clock: Clock) {
    this.#link = link;
    this.#clock = clock;
  }

  async get(pod: V1Pod, wish: TokenWish): Promise<string> {
    const key = `${pod.metadata?.uid}/${wish.expirationSeconds}/${wish.audiences.join(',')}`;
    const before = this.#held.get(key);
    const held = await before?.catch(() => undefined);
    const now = this.#clock.now();
    if (held && held.refreshAtMs > now) return held.token;
    const fresh = this.#request(pod, wish);
    this.#held.set(key, fresh);
    try {
      return (await fresh).token;
    } catch (error) {
      if (!held || held.expiresAtMs <= now) throw error;
      this.#held.set(key, Promise.resolve(held));
      return held.token;
    }
  }

  forget(podUid: string): void {
    for (const key of this.#held.keys()) if (key.startsWith(`${podUid}/`)) this.#held.delete(key);
  }

  async #request(pod: V1Pod, wish: TokenWish): Promise<Held> {
    const now = this.#clock.now();
    const answer = await this.#link.createToken({
      namespace: pod.metadata?.namespace ?? '',
      serviceAccountName: pod.spec?.serviceAccountName || 'default',
      pod: { name: pod.metadata?.name ?? '', uid: pod.metadata?.uid ?? '' },
      ...wish,
    });
    const expiresAtMs = Date.parse(answer.expirationTimestamp);
    const lifeMs = expiresAtMs - now;
    return { token: answer.token, expiresAtMs, refreshAtMs: now + Math.min(lifeMs * refreshShare, ageMsMax) };
  }
}
