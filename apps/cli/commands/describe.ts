import { parseArgs } from 'node:util';
import { stringify } from 'yaml';
import type { Api } from '../api.ts';
import { CliError, type Command, say } from '../command.ts';
import { commonOptions, readObjects, withApi } from '../objects/connection.ts';
import { pathOf } from '../objects/kinds.ts';
import { align } from '../objects/table.ts';

interface Described {
  metadata: { name: string; namespace?: string; uid: string; managedFields?: unknown };
}
interface EventList {
  items: Array<{
    type?: string;
    reason?: string;
    message?: string;
    count?: number;
    lastTimestamp?: string;
    source?: { component?: string };
  }>;
}

export const describe: Command = {
  usage: `berth describe KIND NAME ...: shows an object and what has happened to it

  -n, --namespace NAMESPACE   (default)
`,
  async run(argv) {
    const { values, positionals } = parseArgs({ args: [...argv], allowPositionals: true, options: commonOptions });
    return withApi(async (api, kinds) => {
      const objects = readObjects(kinds, positionals, 'berth describe needs KIND NAME');
      for (const [at, { kind, name }] of objects.entries()) {
        if (at > 0) say('---');
        const { code, body } = await api.send('GET', pathOf(kind, values.namespace, name));
        if (code >= 300) throw new CliError(body.message ?? String(code));
        const object = body as unknown as Described;
        delete object.metadata.managedFields;
        say(stringify(object).trimEnd());
        await printEvents(api, object);
      }
      return 0;
    });
  },
};

async function printEvents(api: Api, { metadata }: Described): Promise<void> {
  const namespace = encodeURIComponent(metadata.namespace ?? 'default');
  const selector = encodeURIComponent(`involvedObject.uid=${metadata.uid}`);
  const { items } = (await api.ask(
    'GET',
    `/api/v1/namespaces/${namespace}/events?fieldSelector=${selector}`,
  )) as unknown as EventList;
  say('');
  if (items.length === 0) return say('no events');
  const oldestFirst = [...items].sort((a, b) => (a.lastTimestamp ?? '').localeCompare(b.lastTimestamp ?? ''));
  const rows = oldestFirst.map((event) => [
    event.lastTimestamp ?? '',
    event.type ?? '',
    event.reason ?? '',
    event.source?.component ?? '',
    `${event.message ?? ''}${(event.count ?? 1) > 1 ? ` (${event.count} times)` : ''}`,
  ]);
  for (const line of align([['LAST SEEN', 'TYPE', 'REASON', 'FROM', 'MESSAGE'], ...rows])) say(line);
}
