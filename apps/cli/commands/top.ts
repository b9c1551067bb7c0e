import { parseArgs } from 'node:util';
import { milliValue, wholeValue } from '../../../libs/api/quantity/amounts.ts';
import { type Command, say, UsageError } from '../command.ts';
import { commonOptions, withApi } from '../objects/connection.ts';
import { align } from '../objects/table.ts';

interface Usage {
  cpu: string;
  memory: string;
}
interface MetricsList {
  items: Array<{ metadata: { name: string; namespace?: string }; usage?: Usage; containers?: Array<{ usage: Usage }> }>;
}

const mebibyte = 2 ** 20;

export const top: Command = {
  usage: `berth top nodes | pods: shows what is used now

  -n, --namespace NAMESPACE   (default)
  -A, --all-namespaces
`,
  async run(argv) {
    const { values, positionals } = parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: { ...commonOptions, 'all-namespaces': { type: 'boolean', short: 'A', default: false } },
    });
    const what = positionals[0]?.replace(/s?$/, 's');
    if (what !== 'nodes' && what !== 'pods') throw new UsageError('berth top needs "nodes" or "pods"');
    const all = what === 'nodes' || values['all-namespaces'];
    const scope = all ? '' : `/namespaces/${encodeURIComponent(values.namespace)}`;
    return withApi(async (api) => {
      const { items } = (await api.ask(
        'GET',
        `/apis/metrics.k8s.io/v1beta1${scope}/${what}`,
      )) as unknown as MetricsList;
      const rows = items.map(({ metadata, usage, containers }) => {
        const parts = usage ? [usage] : (containers ?? []).map((container) => container.usage);
        const cpu = parts.reduce((sum, part) => sum + milliValue(part.cpu), 0);
        const memory = parts.reduce((sum, part) => sum + wholeValue(part.memory), 0);
        const name = all && metadata.namespace ? `${metadata.namespace}/${metadata.name}` : metadata.name;
        return [name, `${Math.ceil(cpu)}m`, `${Math.floor(memory / mebibyte)}Mi`];
      });
      for (const line of align([['NAME', 'CPU', 'MEMORY'], ...rows])) say(line);
      return 0;
    });
  },
};
