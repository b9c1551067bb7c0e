import { parseArgs } from 'node:util';
import { CliError, type Command, say, UsageError } from '../command.ts';
import { commonOptions, readObjects, withApi } from '../objects/connection.ts';
import { pathOf } from '../objects/kinds.ts';

export const scale: Command = {
  usage: `berth scale KIND/NAME ... --replicas N: changes how many replicas run

  --replicas N
  --dry-run                   only ask the server what it would do
  -n, --namespace NAMESPACE   (default)
`,
  async run(argv) {
    const { values, positionals } = parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: { ...commonOptions, replicas: { type: 'string' }, 'dry-run': { type: 'boolean', default: false } },
    });
    const replicas = Number(values.replicas);
    if (!Number.isInteger(replicas) || replicas < 0) throw new UsageError('berth scale needs --replicas N, 0 or more');
    return withApi(async (api, kinds) => {
      const objects = readObjects(kinds, positionals, 'berth scale needs KIND/NAME');
      for (const { kind, name } of objects) {
        const dryRun = values['dry-run'];
        const path = `${pathOf(kind, values.namespace, name)}/scale${dryRun ? '?dryRun=All' : ''}`;
        const { code, body } = await api.send(
          'PATCH',
          path,
          { spec: { replicas } },
          { body: 'application/merge-patch+json' },
        );
        if (code >= 300) throw new CliError(body.message ?? `${path}: ${code}`);
        say(`${kind.plural}/${name} scaled to ${replicas}${dryRun ? ' (dry run)' : ''}`);
      }
      return 0;
    });
  },
};
