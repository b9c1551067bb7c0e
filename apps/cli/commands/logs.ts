import { parseArgs } from 'node:util';
import { type Command, UsageError } from '../command.ts';
import { commonOptions, withApi } from '../objects/connection.ts';
import { pathOf } from '../objects/kinds.ts';

export const logs: Command = {
  usage: `berth logs POD: prints what a container has written

  -f, --follow                and what it writes from now on
  -c, --container NAME        when the pod has several
  --tail N                    the last N lines only
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
        tail: { type: 'string' },
        previous: { type: 'boolean', default: false },
        timestamps: { type: 'boolean', default: false },
      },
    });
    const name = positionals[0]?.replace(/^pods?\//, '');
    if (!name) throw new UsageError('berth logs needs the name of a pod');
    const query = new URLSearchParams();
    for (const option of ['follow', 'previous', 'timestamps'] as const) if (values[option]) query.set(option, 'true');
    if (values.container !== undefined) query.set('container', values.container);
    if (values.tail !== undefined) query.set('tailLines', values.tail);
    return withApi(async (api, kinds) => {
      const path = `${pathOf(kinds.named('pods'), values.namespace, name)}/log?${query}`;
      await api.stream(path, '*/*', (part) => process.stdout.write(part));
      return 0;
    });
  },
};
