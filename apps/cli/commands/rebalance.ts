import { parseArgs } from 'node:util';
import { systemClock } from '../../../libs/base/clock.ts';
import { type Goal, goals, type Rebalance } from '../../../libs/scheduling/foresight/rebalance.ts';
import type { Api } from '../api.ts';
import { type Command, say, UsageError } from '../command.ts';
import { leftovers } from '../foresight/mover.ts';
import { move, putBackLeftovers } from '../foresight/moving.ts';
import { rebalanceLines } from '../foresight/rebalance-lines.ts';
import { withApi } from '../objects/connection.ts';
import { parseCount } from '../sizes.ts';

const movesMax = 1000;
const secondsMax = 3600;

export const rebalance: Command = {
  usage: `berth rebalance: lists moves that would empty the emptiest nodes, or even out the load

  --goal empty|even           (empty)
  --max-moves N               (10)
  --apply                     make them, one after another: each pod's replacement runs before the pod goes
  --timeout SECONDS           that a replacement may take until it is ready (120)
  -o, --output json           for programs

Moves keep to disruption budgets and never leave fewer replicas than asked for. An interrupted move leaves at most one
replica too many, which the next "berth rebalance --apply" takes off.
`,
  async run(argv) {
    const { values } = parseArgs({
      args: [...argv],
      options: {
        goal: { type: 'string', default: 'empty' },
        'max-moves': { type: 'string', default: '10' },
        apply: { type: 'boolean', default: false },
        timeout: { type: 'string', default: '120' },
        output: { type: 'string', short: 'o', default: '' },
      },
    });
    if (!(goals as readonly string[]).includes(values.goal)) {
      throw new UsageError(`--goal ${values.goal}: want ${goals.join(' or ')}`);
    }
    const request = {
      goal: values.goal as Goal,
      maxMoves: parseCount('--max-moves', values['max-moves'], { min: 0, max: movesMax }),
    };
    const readyMsMax = parseCount('--timeout', values.timeout, { min: 1, max: secondsMax }) * 1000;
    return withApi(async (api) => {
      await tellLeftovers(api, values.apply);
      const answer = (await api.ask('POST', '/berth/v1/foresight/rebalance', request)) as unknown as Rebalance;
      const lines = values.output === 'json' ? [JSON.stringify(answer, null, 2)] : rebalanceLines(answer);
      for (const line of lines) say(line);
      return values.apply ? apply(api, answer, readyMsMax) : 0;
    });
  },
};

async function tellLeftovers(api: Api, isApplying: boolean): Promise<void> {
  if (isApplying) for (const line of await putBackLeftovers(api)) say(line);
  else {
    for (const { kind, namespace, name } of await leftovers(api)) {
      process.stderr.write(
        `${kind} ${namespace}/${name} has a replica too many from an interrupted move; --apply ends it\n`,
      );
    }
  }
}

/** Exit code 1 when some move was not made. */
async function apply(api: Api, { moves }: Rebalance, readyMsMax: number): Promise<number> {
  const stopping = new AbortController();
  const stop = () => stopping.abort();
  process.on('SIGINT', stop).on('SIGTERM', stop);
  let left = 0;
  try {
    for (const each of moves) {
      const why = stopping.signal.aborted
        ? 'it was interrupted'
        : await move(each, { api, clock: systemClock, readyMsMax, signal: stopping.signal });
      if (why !== undefined) left++;
      say(why === undefined ? `moved ${each.pod} to ${each.to}` : `left ${each.pod} on ${each.from}: ${why}`);
    }
  } finally {
    process.off('SIGINT', stop).off('SIGTERM', stop);
  }
  return left === 0 ? 0 : 1;
}
