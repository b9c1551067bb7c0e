import { parseArgs } from 'node:util';
import { CliError, type Command, say, UsageError } from '../command.ts';
import { commonOptions, readObjects, withApi } from '../objects/connection.ts';
import { pathOf, type ServedKind } from '../objects/kinds.ts';
import { readSource } from './apply.ts';

export const remove: Command = {
  usage: `berth delete KIND NAME ... | KIND/NAME ... | -f FILE: deletes objects

  -f, --filename FILE         deletes what a manifest names
  -n, --namespace NAMESPACE   (default)
  --now                       without grace
`,
  async run(argv) {
    const { values, positionals } = parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: { ...commonOptions, filename: { type: 'string', short: 'f' }, now: { type: 'boolean', default: false } },
    });
    const manifests = values.filename === undefined ? [] : await readSource(values.filename);
    if (manifests.length === 0 && positionals.length === 0)
      throw new UsageError('berth delete needs KIND NAME or -f FILE');
    return withApi(async (api, kinds) => {
      const targets: Array<{ kind: ServedKind; namespace: string; name: string }> = manifests.map((manifest) => ({
        kind: kinds.of(manifest),
        namespace: manifest.metadata.namespace ?? values.namespace,
        name: manifest.metadata.name,
      }));
      if (positionals.length > 0) {
        const objects = readObjects(kinds, positionals, 'berth delete needs KIND NAME');
        targets.push(...objects.map((each) => ({ ...each, namespace: values.namespace })));
      }
      for (const { kind, namespace, name } of targets) {
        const path = `${pathOf(kind, namespace, name)}${values.now ? '?gracePeriodSeconds=0' : ''}`;
        const { code, body } = await api.send('DELETE', path);
        if (code >= 300) throw new CliError(body.message ?? `${path}: ${code}`);
        say(`${kind.plural}/${name} deleted`);
      }
      return 0;
    });
  },
};
