import { parseArgs } from 'node:util';
import { homeFrom } from '../../../libs/provision/home.ts';
import type { DecisionRecord, RefusedNodes } from '../../../libs/scheduling/decision-record.ts';
import type { Explanation, ScoredNode } from '../../../libs/scheduling/explain.ts';
import { Api } from '../api.ts';
import { CliError, type Command, say, UsageError } from '../command.ts';

const okCode = 200;

export const explain: Command = {
  usage: `berth explain [pod/]NAME: what the scheduler decided about this pod last, and what it thinks of every node now

  -n, --namespace NAMESPACE   (default)
  --json                      for programs
`,
  async run(argv) {
    const { values, positionals } = parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        namespace: { type: 'string', short: 'n', default: 'default' },
        json: { type: 'boolean', default: false },
      },
    });
    const name = positionals[0]?.replace(/^pods?\//, '');
    if (!name || positionals.length > 1) throw new UsageError('berth explain needs the name of one pod');
    const api = await Api.from(homeFrom(process.env).kubeconfig);
    try {
      const path = `/api/v1/namespaces/${encodeURIComponent(values.namespace)}/pods/${encodeURIComponent(name)}/explain`;
      const { code, body } = await api.send('GET', path);
      if (code !== okCode) throw new CliError(body.message ?? `the server answered ${code}`);
      const explanation = body as unknown as Explanation;
      for (const line of values.json ? [JSON.stringify(explanation, null, 2)] : linesOf(explanation)) say(line);
    } finally {
      api.close();
    }
    return 0;
  },
};

function linesOf({ pod, runsOn, best, refused, remedy, lastDecision }: Explanation): string[] {
  const lines = [runsOn === undefined ? `${pod} waits` : `${pod} runs on ${runsOn}`];
  if (lastDecision !== undefined) lines.push('', ...decisionLines(lastDecision), '', 'as things stand now:');
  const [winner, second] = best;
  if (winner !== undefined) {
    const margin =
      second === undefined ? '' : `, ${(winner.total - second.total).toFixed(1)} points before ${second.name}`;
    lines.push(`it would go to ${winner.name}${margin}`, '', ...best.map(scoreLine));
  } else lines.push('no node fits');
  if (refused.length > 0) lines.push('', ...refused.flatMap(refusedLines));
  if (remedy !== undefined) lines.push('', remedy);
  return lines;
}

/** The decision as it was made, with the figures of that moment. */
function decisionLines(decision: DecisionRecord): string[] {
  const { decidedAt, attempts, microseconds, nodes, schedulerName, outcome, message, victims } = decision;
  const attempt = attempts === 1 ? 'first attempt' : `attempt ${attempts}`;
  const lines = [
    `decided ${decidedAt} by ${schedulerName} in ${microseconds} µs among ${nodes} nodes, ${attempt}: ${outcome}`,
  ];
  if (decision.node !== undefined) {
    const { runnerUp, margin = 0, node, total = 0, points = {} } = decision;
    const behind = runnerUp === undefined ? '' : `, ${margin.toFixed(1)} points before ${runnerUp.name}`;
    lines.push(scoreLine({ name: node, total, points }) + behind);
  }
  if (message !== undefined) lines.push(`  ${message}`);
  if (victims !== undefined) lines.push(`  evicted for it: ${victims.join(', ')}`);
  return [...lines, ...decision.refused.flatMap(refusedLines).map((line) => `  ${line}`)];
}

function refusedLines({ plugin, reason, count, examples }: RefusedNodes): string[] {
  return [`${count} refused by ${plugin}: ${reason}`, ...examples.map((example) => `  ${example}`)];
}

function scoreLine({ name, total, points }: ScoredNode): string {
  const parts = Object.entries(points).map(([plugin, value]) => `${plugin} ${value.toFixed(1)}`);
  return `  ${name}  ${total.toFixed(1)} points: ${parts.join(', ')}`;
}
