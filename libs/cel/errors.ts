/** A complaint about a place in the text of an expression. */
export interface Issue {
  readonly at: number;
  readonly text: string;
}

/** An expression that cannot be compiled. The message has one block for each issue, in the form that cel-go made usual. */
export class CompileError extends Error {
  constructor(
    readonly source: string,
    readonly issues: readonly Issue[],
  ) {
    super(issues.map((issue) => shown(source, issue)).join('\n'));
  }
}

/** An evaluation that came to no value: a missing key, a wrong argument, a division by zero. */
export class EvaluationError extends Error {}

/** An evaluation that was ended because it cost too much. */
export class CostError extends EvaluationError {
  constructor() {
    super('operation cancelled: actual cost limit exceeded');
  }
}

function shown(source: string, { at, text }: Issue): string {
  const before = source.slice(0, at).split('\n');
  const column = [...(before.at(-1) ?? '')].length;
  const line = source.split('\n')[before.length - 1] ?? '';
  return `ERROR: <input>:${before.length}:${column + 1}: ${text}\n | ${line}\n | ${'.'.repeat(column)}^`;
}
