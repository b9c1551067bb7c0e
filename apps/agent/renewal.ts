import { X509Certificate } from 'node:crypto';
import { type Clock, sleep } from '../../libs/base/clock.ts';
import type { Logger } from '../../libs/base/log.ts';
import { type NodeIdentity, writeNodeIdentity } from '../../libs/pki/identity.ts';
import { newPrivateKey, newSigningRequest } from '../../libs/pki/issue.ts';

export interface RenewalOptions {
  home: string;
  identity: NodeIdentity;
  /** Asks the control plane to certify a request under the node's name. */
  certify: (request: string) => Promise<string>;
  clock: Clock;
  logger: Logger;
  signal: AbortSignal;
}

/** A certificate is renewed when less than this share of its life is left. */
const renewShare = 0.3;
const checkMs = 6 * 3_600_000;
const retryMs = 60_000;

/** Keeps the node's certificate from ending, for as long as the agent runs. */
export class CertificateRenewal {
  private current: NodeIdentity;

  constructor(private readonly options: RenewalOptions) {
    this.current = options.identity;
  }

  /** The identity to dial with. */
  get identity(): NodeIdentity {
    return this.current;
  }

  async run(): Promise<void> {
    const { clock, logger, signal } = this.options;
    while (!signal.aborted) {
      let delayMs = checkMs;
      try {
        if (needsRenewal(this.current.certificate, clock.now())) await this.renew();
      } catch (error) {
        delayMs = retryMs;
        logger.warn('could not renew the certificate of the node', { error });
      }
      await sleep(clock, delayMs, signal).catch(() => {});
    }
  }

  private async renew(): Promise<void> {
    const { certify, home, logger } = this.options;
    const key = await newPrivateKey();
    const certificate = await certify(await newSigningRequest({ commonName: 'node' }, key));
    const fresh = { ca: this.current.ca, key, certificate };
    await writeNodeIdentity(home, fresh);
    this.current = fresh;
    logger.info('the certificate of the node was renewed', { until: new X509Certificate(certificate).validTo });
  }
}

export function needsRenewal(certificate: string, nowMs: number): boolean {
  const { validFrom, validTo } = new X509Certificate(certificate);
  const [from, to] = [Date.parse(validFrom), Date.parse(validTo)];
  return to - nowMs < (to - from) * renewShare;
}
