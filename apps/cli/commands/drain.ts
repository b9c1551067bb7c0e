import { parseArgs } from 'node:util';
import type { V1Pod } from '../../../libs/api/gen/types.ts';
import { systemClock } from '../../../libs/base/clock.ts';
import { type DrainPlan, drainObjection, hasLocalData } from '../../../libs/scheduling/foresight/drain.ts';
import type { Api } from '../api.ts';
import { CliError, type Command, say, UsageError } from '../command.ts';
import { type Agreed, drainLines, isRefused, wouldSucceed } from '../foresight/drain-lines.ts';
import { type Evicting, evictAndWait } from '../foresight/evicting.ts';
import { withApi } from '../objects/connection.ts';
import { setSchedulable } from './cordon.ts';

/** Told apart from errors, whose exit code is 1. */
const blockedExitCode = 2;

export const drain: Command = {
  usage: `berth drain NODE: takes a node out of use: no new pods, and those that run are evicted within their budgets

  --dry-run                   only show where each pod would go, or why it could not; exit code 2 when one could not
  --force                     also pods that nothing owns, which are gone for good
  --delete-emptydir-data      also pods with emptyDir volumes, whose content is lost
  --grace-period SECONDS      that pods get to end (their own)
  --timeout SECONDS           give up after this long (never)
  -o, --output json           of a dry run, for programs

Pods of DaemonSets and pods that the node runs by itself stay. "berth uncordon NODE" brings the node back.
`,
  async run(argv) {
    const { values, positionals } = parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        'dry-run': { type: 'boolean', default: false },
        force: { type: 'boolean', default: false },
        'delete-emptydir-data': { type: 'boolean', default: false },
        'ignore-daemonsets': { type: 'boolean', default: true },
        'grace-period': { type: 'string' },
        timeout: { type: 'string' },
        output: { type: 'string', short: 'o', default: '' },
      },
    });
    const node = positionals[0]?.replace(/^nodes?\//, '');
    if (!node || positionals.length > 1) throw new UsageError('berth drain needs the name of one node');
    const agreed = { force: values.force, deleteEmptyDirData: values['delete-emptydir-data'] };
    return withApi(async (api) => {
      if (values['dry-run']) return foretell(api, node, { agreed, isJson: values.output === 'json' });
      const grace = seconds('--grace-period', values['grace-period']);
      const timeout = seconds('--timeout', values.timeout);
      await empty(node, agreed, {
        api,
        clock: systemClock,
        say,
        ...(grace !== undefined && { gracePeriodSeconds: grace }),
        ...(timeout ? { deadlineMs: systemClock.monotonic() + timeout * 1000 } : {}),
      });
      return 0;
    });
  },
};

function seconds(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text.replace(/s$/, ''));
  if (!Number.isInteger(value) || value < 0) throw new UsageError(`${flag} ${text}: want whole seconds`);
  return value;
}

async function foretell(api: Api, node: string, how: { agreed: Agreed; isJson: boolean }): Promise<number> {
  const plan = (await api.ask('POST', '/berth/v1/foresight/drain', { node })) as unknown as DrainPlan;
  for (const line of how.isJson ? [JSON.stringify(plan, null, 2)] : drainLines(plan, how.agreed)) say(line);
  return wouldSucceed(plan, how.agreed) ? 0 : blockedExitCode;
}

/** Nothing is changed when some pod needs an agreement that was not given. */
async function empty(node: string, agreed: Agreed, evicting: Evicting): Promise<void> {
  const selector = encodeURIComponent(`spec.nodeName=${node}`);
  await evicting.api.ask('GET', `/api/v1/nodes/${encodeURIComponent(node)}`);
  const { items } = (await evicting.api.ask('GET', `/api/v1/pods?fieldSelector=${selector}`)) as unknown as {
    items: V1Pod[];
  };
  const verdicts = items.map((pod) => {
    const objection = drainObjection(pod);
    const needs =
      objection?.needs ?? (objection === undefined && hasLocalData(pod) ? 'delete-emptydir-data' : undefined);
    const pods = { pod: `${pod.metadata?.namespace}/${pod.metadata?.name}`, fate: objection?.fate ?? 'moves' } as const;
    return { pod, verdict: { ...pods, ...(needs && ({ needs } as const)) } };
  });
  const refused = verdicts.filter(({ verdict }) => isRefused(verdict, agreed));
  if (refused.length > 0) {
    const lines = refused.map(({ verdict }) => `  ${verdict.pod} needs --${verdict.needs}`);
    throw new CliError(`${node} was left as it is:\n${lines.join('\n')}`);
  }
  await setSchedulable(evicting.api, node, false);
  const leaving = verdicts.filter(({ verdict }) => verdict.fate !== 'stays').map(({ pod }) => pod);
  const staying = verdicts.length - leaving.length;
  if (staying > 0) say(`${staying} pods belong to the node and stay`);
  await Promise.all(leaving.map((pod) => evictAndWait(pod, evicting)));
  say(`node/${node} drained`);
}
