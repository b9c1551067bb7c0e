import { loopbackUser } from '../../../libs/auth/user.ts';
import type { Clock } from '../../../libs/base/clock.ts';
import { exchange } from '../../../libs/webhook/exchange.ts';
import type { AggregatedApi } from './aggregated-apis.ts';
import type { AggregationProxy } from './proxy.ts';

const checkTimeoutMs = 5_000;
const answerBytesMax = 4 * 1024 * 1024;

/** Asks aggregated servers what this one wants to know of them, in its own name. */
export class ForeignServer {
  constructor(
    private readonly proxy: AggregationProxy,
    private readonly clock: Clock,
  ) {}

  /** The text at a path. Rejects with an Error that says why there is none. */
  async read(api: AggregatedApi, path: string): Promise<string> {
    const headers = {
      accept: 'application/json',
      'x-remote-user': loopbackUser.name,
      'x-remote-group': [...loopbackUser.groups],
    };
    const request = this.proxy.open(api, { method: 'GET', path, headers });
    const options = { clock: this.clock, timeoutMs: checkTimeoutMs, answerBytesMax };
    const { status, text } = await exchange(request, options);
    if (status < 200 || status > 299) throw new Error(`bad status from ${api.name}: ${status}`);
    return text;
  }
}
