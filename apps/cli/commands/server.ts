import type { Command } from '../command.ts';
import { runForeground } from '../foreground.ts';
import { programPath } from '../programs.ts';

export const server: Command = {
  run: (argv) => runForeground([process.execPath, programPath('server'), ...argv]),
};
