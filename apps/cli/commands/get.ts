import { parseArgs } from 'node:util';
import { stringify } from 'yaml';
import type { Api } from '../api.ts';
import { CliError, type Command, say, UsageError } from '../command.ts';
import { commonOptions, readTargets, withApi } from '../objects/connection.ts';
import { pathOf, type ServedKind } from '../objects/kinds.ts';
import { align, rowsOf, type Table, tableType } from '../objects/table.ts';

interface Asked {
  kind: ServedKind;
  names: string[];
  namespace: string | undefined;
  selector: string | undefined;
  output: string;
}

const outputs = ['', 'wide', 'yaml', 'json', 'name'];

export const get: Command = {
  usage: `berth get KIND[,KIND] [NAME ...] | KIND/NAME ...: lists objects

  -n, --namespace NAMESPACE   (default)
  -A, --all-namespaces
  -l, --selector LABELS       such as app=web
  -o, --output FORM           wide, yaml, json or name
  -w, --watch                 and show what changes
`,
  async run(argv) {
    const { values, positionals } = parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        ...commonOptions,
        'all-namespaces': { type: 'boolean', short: 'A', default: false },
        selector: { type: 'string', short: 'l' },
        output: { type: 'string', short: 'o', default: '' },
        watch: { type: 'boolean', short: 'w', default: false },
      },
    });
    if (positionals.length === 0) throw new UsageError('berth get needs a kind, such as pods');
    if (!outputs.includes(values.output))
      throw new UsageError(`--output ${values.output}: want wide, yaml, json or name`);
    return withApi(async (api, kinds) => {
      const namespace = values['all-namespaces'] ? undefined : values.namespace;
      const more = { namespace, selector: values.selector, output: values.output };
      const all = readTargets(kinds, positionals).map((target) => ({ ...target, ...more }));
      if (values.watch && all.length > 1) throw new UsageError('berth get --watch takes one kind');
      const several = all.length > 1;
      for (const [at, asked] of all.entries()) {
        if (values.watch) await watch(api, asked);
        else if (values.output === '' || values.output === 'wide') {
          if (at > 0) say('');
          await printTable(api, asked, several);
        } else await printObjects(api, asked, several && at > 0);
      }
      return 0;
    });
  },
};

function query({ selector }: Asked, more: Record<string, string> = {}): string {
  const parameters = new URLSearchParams({ ...(selector === undefined ? {} : { labelSelector: selector }), ...more });
  return parameters.size > 0 ? `?${parameters}` : '';
}

/** One request for the collection, or one for each name. */
async function read(api: Api, asked: Asked, accept: string): Promise<Array<Record<string, unknown>>> {
  const { kind, names, namespace } = asked;
  const paths =
    names.length > 0
      ? names.map((name) => pathOf(kind, namespace, name))
      : [`${pathOf(kind, namespace)}${query(asked)}`];
  const answers = await Promise.all(paths.map((path) => api.send('GET', path, undefined, { accept })));
  for (const { code, body } of answers) if (code >= 300) throw new CliError(body.message ?? String(code));
  return answers.map(({ body }) => body);
}

async function printTable(api: Api, asked: Asked, prefixed: boolean): Promise<void> {
  const tables = (await read(api, asked, tableType)) as unknown as Table[];
  const rows = tables.flatMap((table, index) =>
    rowsOf(table, { ...shape(asked), head: index === 0, prefix: prefixed ? `${asked.kind.singular}/` : '' }),
  );
  if (rows.length <= 1)
    say(`no ${asked.kind.plural} found${asked.namespace === undefined ? '' : ` in ${asked.namespace}`}`);
  else for (const line of align(rows)) say(line);
}

function shape({ output, namespace, kind }: Asked) {
  return { wide: output === 'wide', namespaces: namespace === undefined && kind.namespaced };
}

async function printObjects(api: Api, asked: Asked, isNext: boolean): Promise<void> {
  for (const answer of await read(api, asked, 'application/json')) {
    if (asked.output === 'json') say(JSON.stringify(answer, null, 2));
    else if (asked.output === 'yaml') say(`${isNext ? '---\n' : ''}${stringify(answer).trimEnd()}`);
    else
      for (const item of (answer.items as Named[] | undefined) ?? [answer as unknown as Named])
        say(`${asked.kind.singular}/${item.metadata.name}`);
  }
}

interface Named {
  metadata: { name: string };
}

async function watch(api: Api, asked: Asked): Promise<void> {
  const [name] = asked.names;
  const only: Record<string, string> = name === undefined ? {} : { fieldSelector: `metadata.name=${name}` };
  const path = `${pathOf(asked.kind, asked.namespace)}${query(asked, { ...only, watch: '1' })}`;
  let rest = '';
  let head = true;
  await api.stream(path, tableType, (part) => {
    const lines = `${rest}${part}`.split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const { object } = JSON.parse(line) as { object: Table };
      for (const row of align(rowsOf(object, { ...shape(asked), head }))) say(row);
      head = false;
    }
  });
}
