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
  readonly #held = new Map<string, Held>();
  /** Those who come while a token is asked for wait for the same one. */
  readonly #asking = new Map<string, Promise<string>>();

  constructor(link: Pick<NodeLink, 'createToken'>, clock: Clock) {
    this.#link = link;
    this.#clock = clock;
  }

  /** Rejects when none can be had and none that is held is good any more. */
  async get(pod: V1Pod, wish: TokenWish): Promise<string> {
    const key = `${pod.metadata?.uid}/${wish.expirationSeconds}/${wish.audiences.join(',')}`;
    const held = this.#held.get(key);
    if (held && held.refreshAtMs > this.#clock.now()) return held.token;
    try {
      return await this.#asked(key, pod, wish);
    } catch (error) {
      if (!held || held.expiresAtMs <= this.#clock.now()) throw error;
      return held.token;
    }
  }

  forget(podUid: string): void {
    for (const known of [this.#held, this.#asking]) {
      for (const key of known.keys()) if (key.startsWith(`${podUid}/`)) known.delete(key);
    }
  }

  #asked(key: string, pod: V1Pod, wish: TokenWish): Promise<string> {
    const underWay = this.#asking.get(key);
    if (underWay) return underWay;
    const asking: Promise<string> = this.#request(pod, wish)
      .then((fresh) => {
        // Unless the pod was forgotten meanwhile.
        if (this.#asking.get(key) === asking) this.#held.set(key, fresh);
        return fresh.token;
      })
      .finally(() => {
        if (this.#asking.get(key) === asking) this.#asking.delete(key);
      });
    this.#asking.set(key, asking);
    return asking;
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
