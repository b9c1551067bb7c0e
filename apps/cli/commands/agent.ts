import { agentUsage } from '../../agent/flags.ts';
import type { Command } from '../command.ts';
import { runForeground } from '../foreground.ts';
import { programPath } from '../programs.ts';

export const agent: Command = {
  summary: 'run this machine as a node of a cluster',
  usage: agentUsage.replace('berth-agent', 'berth agent'),
  run: (argv) => runForeground([process.execPath, programPath('agent'), ...argv]),
};
