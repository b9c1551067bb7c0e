import { parseArgs } from 'node:util';
import type { Plan } from '../../../libs/scheduling/foresight/plan.ts';
import { type Command, say, UsageError } from '../command.ts';
import { planLines } from '../foresight/plan-lines.ts';
import { commonOptions, withApi } from '../objects/connection.ts';
import { readSource } from './apply.ts';

/** Told apart from errors, whose exit code is 1. */
const misfitExitCode = 2;

export const plan: Command = {
  usage: `berth plan -f FILE: where the pods of a manifest would run, whom they would preempt, and what would not fit

Nothing is changed. The exit code is 2 when something would not fit.

  -f, --filename FILE         may be given several times; "-" reads standard input
  -n, --namespace NAMESPACE   for manifests that name none (default)
  -o, --output json           for programs
`,
  async run(argv) {
    const { values } = parseArgs({
      args: [...argv],
      options: {
        ...commonOptions,
        filename: { type: 'string', short: 'f', multiple: true },
        output: { type: 'string', short: 'o', default: '' },
      },
    });
    if (!values.filename) throw new UsageError('berth plan needs -f FILE');
    if (!['', 'json'].includes(values.output)) throw new UsageError(`--output ${values.output}: want json`);
    const objects = (await Promise.all(values.filename.map((file) => readSource(file)))).flat();
    return withApi(async (api) => {
      const body = { objects, namespace: values.namespace };
      const answer = (await api.ask('POST', '/berth/v1/foresight/plan', body)) as unknown as Plan;
      for (const line of values.output === 'json' ? [JSON.stringify(answer, null, 2)] : planLines(answer)) say(line);
      return answer.fits ? 0 : misfitExitCode;
    });
  },
};
