import { RE2JS } from 're2js';
import { findsPattern, matchesPattern } from '../cost-rules.ts';
import { EvaluationError } from '../errors.ts';
import { bool, int, listOf, string } from '../types.ts';
import type { Form } from './form.ts';

/** Patterns kept ready, for those that are no part of the text of an expression too. */
const keptPatternsMax = 1_000;
const kept = new Map<string, RE2JS>();

/** A pattern in the syntax of RE2, whose matching takes time in proportion to the text. @throws EvaluationError. */
export function pattern(text: string): RE2JS {
  let found = kept.get(text);
  if (found) return found;
  try {
    found = RE2JS.compile(text);
  } catch (error) {
    throw new EvaluationError(`error parsing regexp: ${error instanceof Error ? error.message : error}`);
  }
  if (kept.size >= keptPatternsMax) kept.delete(kept.keys().next().value ?? '');
  kept.set(text, found);
  return found;
}

function matches(text: string, expression: string): boolean {
  return pattern(expression).matcher(text).find();
}

function find(text: string, expression: string): string {
  const matcher = pattern(expression).matcher(text);
  return matcher.find() ? (matcher.group() ?? '') : '';
}

/** All when `limit` is below zero. */
function findAll(text: string, expression: string, limit = -1n): string[] {
  const matcher = pattern(expression).matcher(text);
  const found: string[] = [];
  while ((limit < 0n || found.length < limit) && matcher.find()) found.push(matcher.group() ?? '');
  return found;
}

export const regex: readonly Form[] = [
  { name: 'matches', params: [string, string], result: bool, call: matches, cost: matchesPattern },
  { name: 'matches', params: [string, string], result: bool, plain: true, call: matches, cost: matchesPattern },
  { name: 'find', params: [string, string], result: string, call: find, cost: findsPattern },
  {
    ...{ name: 'findAll', params: [string, string], result: listOf(string), cost: findsPattern },
    call: (text: string, expression: string) => findAll(text, expression),
  },
  {
    ...{ name: 'findAll', params: [string, string, int], result: listOf(string), cost: findsPattern },
    call: (text: string, expression: string, limit: bigint) => findAll(text, expression, limit),
  },
];
