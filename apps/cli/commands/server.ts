import type { Command } from '../command.ts';
import { runForeground } from '../foreground.ts';
import { serverProgram } from '../programs.ts';

export const server: Command = {
  run: (argv) => runForeground([...serverProgram(), ...argv]),
};
