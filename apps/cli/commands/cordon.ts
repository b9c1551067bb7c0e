import type { Api } from '../api.ts';
import { CliError, type Command, say, UsageError } from '../command.ts';
import { withApi } from '../objects/connection.ts';

/** Lets new pods on a node, or none. Running ones stay. @throws CliError */
export async function setSchedulable(api: Api, node: string, isSchedulable: boolean): Promise<void> {
  const path = `/api/v1/nodes/${encodeURIComponent(node)}`;
  const patch = { spec: { unschedulable: isSchedulable ? null : true } };
  const { code, body } = await api.send('PATCH', path, patch, { body: 'application/merge-patch+json' });
  if (code >= 300) throw new CliError(body.message ?? `${path}: ${code}`);
  say(`node/${node} ${isSchedulable ? 'uncordoned' : 'cordoned'}`);
}

function command(name: string, does: string, isSchedulable: boolean): Command {
  return {
    usage: `berth ${name} NODE ...: ${does}\n`,
    async run(argv) {
      const nodes = argv.filter((word) => !word.startsWith('-')).map((word) => word.replace(/^nodes?\//, ''));
      if (nodes.length === 0) throw new UsageError(`berth ${name} needs the name of a node`);
      return withApi(async (api) => {
        for (const node of nodes) await setSchedulable(api, node, isSchedulable);
        return 0;
      });
    },
  };
}

export const cordon = command('cordon', 'lets no new pods on a node', false);
export const uncordon = command('uncordon', 'lets pods on a node again', true);
