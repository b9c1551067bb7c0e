import type { Machine } from './machine.ts';

/** One change to the machine, as data. */
export type Change =
  | { run: readonly string[]; input?: string }
  | { write: string; content: string }
  | { directory: string }
  | { remove: string };

/**
 * A step of a plan. `undo` must be safe to run when the step has not run, has run in part, or has run twice; its
 * failures are ignored, since there may be nothing to undo.
 */
export interface Action {
  name: string;
  changes: readonly Change[];
  undo?: readonly Change[];
}

/** A plan that could not be carried out and has been undone. */
export class ActionError extends Error {
  readonly action: string;

  constructor(action: string, cause: unknown) {
    super(`${action}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    this.name = 'ActionError';
    this.action = action;
  }
}

/**
 * Carries out the actions in order. When one fails, it and those before it are undone, last first.
 * @throws ActionError that names the failing action.
 */
export async function applyActions(machine: Machine, actions: readonly Action[]): Promise<void> {
  for (const [at, action] of actions.entries()) {
    try {
      for (const change of action.changes) await applyChange(machine, change);
    } catch (error) {
      await undoActions(machine, actions.slice(0, at + 1));
      throw new ActionError(action.name, error);
    }
  }
}

/** Undoes the actions, last first. Never rejects. */
export async function undoActions(machine: Machine, actions: readonly Action[]): Promise<void> {
  for (const action of [...actions].reverse()) {
    for (const change of action.undo ?? []) await applyChange(machine, change).catch(() => {});
  }
}

async function applyChange(machine: Machine, change: Change): Promise<void> {
  if ('run' in change) await machine.run(change.run, change.input === undefined ? {} : { input: change.input });
  else if ('write' in change) await machine.write(change.write, change.content);
  else if ('directory' in change) await machine.makeDirectory(change.directory);
  else await machine.remove(change.remove);
}
