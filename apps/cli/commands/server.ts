import { serverUsage } from '../../server/flags.ts';
import type { Command } from '../command.ts';
import { runForeground } from '../foreground.ts';
import { programPath } from '../programs.ts';

export const server: Command = {
  summary: 'run the control plane alone, for a cluster of many machines',
  usage: serverUsage,
  run: (argv) => runForeground([process.execPath, programPath('server'), ...argv]),
};
