import type { V1Pod } from '../../../libs/api/gen/types.ts';
import { type Clock, sleep } from '../../../libs/base/clock.ts';
import type { Api } from '../api.ts';
import { CliError } from '../command.ts';

/** How long a refused eviction waits before it is tried again. */
const retryMs = 2_000;
/** How often is looked whether an evicted pod has gone. */
const pollMs = 250;
const tooManyCode = 429;
const goneCode = 404;

export interface Evicting {
  api: Api;
  clock: Clock;
  /** Seconds that pods get to end; their own when absent. */
  gracePeriodSeconds?: number;
  /** When to give up, by the monotonic clock; never when absent. */
  deadlineMs?: number;
  say(line: string): void;
}

export const pathOfPod = ({ metadata }: V1Pod): string =>
  `/api/v1/namespaces/${encodeURIComponent(metadata?.namespace ?? '')}/pods/${encodeURIComponent(metadata?.name ?? '')}`;

/** Asks for one pod's eviction; undefined when it was granted, else why its budget refuses. @throws CliError */
export async function tryEviction(
  api: Api,
  pod: V1Pod,
  options: { gracePeriodSeconds?: number; dryRun?: boolean } = {},
): Promise<string | undefined> {
  const { namespace, name, uid } = pod.metadata ?? {};
  const { gracePeriodSeconds, dryRun } = options;
  const deleteOptions = { preconditions: { uid }, ...(gracePeriodSeconds !== undefined && { gracePeriodSeconds }) };
  const eviction = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { namespace, name }, deleteOptions };
  const path = `${pathOfPod(pod)}/eviction${dryRun ? '?dryRun=All' : ''}`;
  const { code, body } = await api.send('POST', path, eviction);
  if (code === goneCode) return undefined;
  if (code === tooManyCode) return body.message ?? 'its disruption budget refuses';
  if (code >= 300) throw new CliError(`pod ${namespace}/${name}: ${body.message ?? code}`);
  return undefined;
}

/** Evicts a pod, as often as its budget refuses, and waits until it has gone. @throws CliError past the deadline */
export async function evictAndWait(pod: V1Pod, evicting: Evicting): Promise<void> {
  const { api, clock, say } = evicting;
  const name = `${pod.metadata?.namespace}/${pod.metadata?.name}`;
  let isTold = false;
  for (;;) {
    const refusal = await tryEviction(api, pod, evicting);
    if (refusal === undefined) break;
    if (!isTold) say(`pod/${name} waits: ${refusal}`);
    isTold = true;
    await pause(evicting, retryMs, `the disruption budget of pod ${name}`);
  }
  for (;;) {
    const { code, body } = await api.send('GET', pathOfPod(pod));
    const current = body as V1Pod;
    if (code === goneCode || (code < 300 && current.metadata?.uid !== pod.metadata?.uid)) break;
    await pause(evicting, pollMs, `pod ${name} to go`);
  }
  say(`pod/${name} evicted`);

  function pause({ deadlineMs }: Evicting, ms: number, forWhat: string): Promise<void> {
    if (deadlineMs !== undefined && clock.monotonic() + ms > deadlineMs) {
      throw new CliError(`the time is over, still waiting for ${forWhat}`);
    }
    return sleep(clock, ms);
  }
}
