import { parseArgs } from 'node:util';
import { policyNames } from '../../../libs/scheduling/foresight/policies.ts';
import { type Command, say, UsageError } from '../command.ts';
import { type SimulationAnswer, simulationLines } from '../foresight/simulation-lines.ts';
import { commonOptions, withApi } from '../objects/connection.ts';
import { parseCount } from '../sizes.ts';
import { readSource } from './apply.ts';

const nodesMax = 10_000;

export const simulate: Command = {
  usage: `berth simulate: replays the cluster's pods on a changed cluster, and compares

Nothing is changed.

  --add-nodes N               more nodes, like the first one unless told otherwise
  --like NODE                 what added nodes are like
  --node-cpus C               their CPUs, such as 4 or 500m
  --node-memory M             their memory, such as 8Gi
  --remove-node NODE          one node less; may be given several times
  --policy POLICY             ${policyNames.join(', ')} (least)
  -f, --filename FILE         and apply a manifest then; may be given several times
  -n, --namespace NAMESPACE   for manifests that name none (default)
  -o, --output json           for programs
`,
  async run(argv) {
    const { values } = parseArgs({
      args: [...argv],
      options: {
        ...commonOptions,
        'add-nodes': { type: 'string', default: '0' },
        like: { type: 'string' },
        'node-cpus': { type: 'string' },
        'node-memory': { type: 'string' },
        'remove-node': { type: 'string', multiple: true },
        policy: { type: 'string', default: 'least' },
        filename: { type: 'string', short: 'f', multiple: true, default: [] as string[] },
        output: { type: 'string', short: 'o', default: '' },
      },
    });
    if (!policyNames.includes(values.policy)) {
      throw new UsageError(`--policy ${values.policy}: want ${policyNames.join(', ')}`);
    }
    if (!['', 'json'].includes(values.output)) throw new UsageError(`--output ${values.output}: want json`);
    const change = {
      addNodes: parseCount('--add-nodes', values['add-nodes'], { min: 0, max: nodesMax }),
      ...(values.like !== undefined && { like: values.like }),
      ...(values['node-cpus'] !== undefined && { nodeCpus: values['node-cpus'] }),
      ...(values['node-memory'] !== undefined && { nodeMemory: values['node-memory'] }),
      removeNodes: values['remove-node'] ?? [],
      policy: values.policy,
    };
    const objects = (await Promise.all(values.filename.map((file) => readSource(file)))).flat();
    return withApi(async (api) => {
      const body = { change, objects, namespace: values.namespace };
      const answer = (await api.ask('POST', '/berth/v1/foresight/simulate', body)) as unknown as SimulationAnswer;
      const lines = values.output === 'json' ? [JSON.stringify(answer, null, 2)] : simulationLines(answer);
      for (const line of lines) say(line);
      return 0;
    });
  },
};
