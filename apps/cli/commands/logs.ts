import { parseArgs } from 'node:util';
import type { V1LabelSelector, V1Pod } from '../../../libs/api/gen/types.ts';
import { labelSelectorOf, labelSelectorOfMap, writeLabelSelector } from '../../../libs/api/selectors/label-selector.ts';
import type { Api } from '../api.ts';
import { CliError, type Command, UsageError } from '../command.ts';
import { commonOptions, readTargets, withApi } from '../objects/connection.ts';
import { type Kinds, pathOf } from '../objects/kinds.ts';

/** Streams that one command follows at once. */
const streamsMax = 50;

export const logs: Command = {
  usage: `berth logs POD | KIND/NAME: prints what a container has written; of a Deployment and the like, all its pods'

  -f, --follow                and what it writes from now on
  -c, --container NAME        when the pod has several
  -l, --selector LABELS       of all pods with these labels, instead of a name
  --tail N                    the last N lines only
  --since SECONDS             the last seconds only
  --previous                  of the run before the last restart
  --timestamps
  -n, --namespace NAMESPACE   (default)
`,
  async run(argv) {
    const { values, positionals } = parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        ...commonOptions,
        follow: { type: 'boolean', short: 'f', default: false },
        container: { type: 'string', short: 'c' },
        selector: { type: 'string', short: 'l' },
        tail: { type: 'string' },
        since: { type: 'string' },
        previous: { type: 'boolean', short: 'p', default: false },
        timestamps: { type: 'boolean', default: false },
      },
    });
    const query = new URLSearchParams();
    for (const option of ['follow', 'previous', 'timestamps'] as const) if (values[option]) query.set(option, 'true');
    if (values.container !== undefined) query.set('container', values.container);
    if (values.tail !== undefined) query.set('tailLines', values.tail);
    if (values.since !== undefined) query.set('sinceSeconds', values.since.replace(/s$/, ''));
    return withApi(async (api, kinds) => {
      const { namespace, selector } = values;
      const names = await podNames({ api, kinds, namespace }, selector === undefined ? positionals : { selector });
      await Promise.all(
        names.map((name) => {
          const path = `${pathOf(kinds.named('pods'), namespace, name)}/log?${query}`;
          const print = names.length === 1 ? (part: Buffer) => process.stdout.write(part) : prefixed(name);
          return api.stream(path, '*/*', print);
        }),
      );
      return 0;
    });
  },
};

interface Place {
  api: Api;
  kinds: Kinds;
  namespace: string;
}

/** The pod asked for, or the pods behind a workload or a selector. */
async function podNames(place: Place, asked: readonly string[] | { selector: string }): Promise<string[]> {
  if ('selector' in asked) return selected(place, asked.selector);
  const words = asked.length === 1 && !asked[0]!.includes('/') ? ['pods', asked[0]!] : asked;
  const [target] = words.length === 0 ? [] : readTargets(place.kinds, words);
  const [name] = target?.names ?? [];
  if (target === undefined || name === undefined)
    throw new UsageError('berth logs needs the name of a pod, or KIND/NAME');
  if (target.kind.plural === 'pods') return target.names;
  const path = pathOf(target.kind, place.namespace, name);
  const { spec } = (await place.api.ask('GET', path)) as { spec?: { selector?: V1LabelSelector } };
  if (spec?.selector === undefined) throw new UsageError(`${target.kind.plural} have no pods of their own`);
  const isPlain = spec.selector.matchLabels === undefined && spec.selector.matchExpressions === undefined;
  const requirements = isPlain
    ? labelSelectorOfMap(spec.selector as Record<string, string>)
    : labelSelectorOf(spec.selector);
  return selected(place, writeLabelSelector(requirements));
}

async function selected({ api, kinds, namespace }: Place, selector: string): Promise<string[]> {
  const path = `${pathOf(kinds.named('pods'), namespace)}?labelSelector=${encodeURIComponent(selector)}`;
  const { items } = (await api.ask('GET', path)) as unknown as { items: V1Pod[] };
  const started = items.filter(({ status }) => status?.phase !== 'Pending');
  if (started.length === 0) throw new CliError(`no pod with ${selector} has started in ${namespace}`);
  if (started.length > streamsMax) throw new CliError(`${started.length} pods match, more than ${streamsMax}`);
  return started.map(({ metadata }) => metadata?.name ?? '');
}

/** Whole lines, each with its pod's name, so that several streams can be told apart. */
function prefixed(name: string): (part: Buffer) => void {
  const decoder = new TextDecoder();
  let rest = '';
  return (part) => {
    const lines = (rest + decoder.decode(part, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    if (lines.length > 0) process.stdout.write(lines.map((line) => `[${name}] ${line}\n`).join(''));
  };
}
