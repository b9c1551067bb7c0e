import type { V1Condition } from '../gen/types.ts';
import { qualifiedName } from './names.ts';
import { all, each, fields, oneOf, present, type Rule, required, unique } from './rule.ts';

const REASON_LENGTH_MAX = 1024;
const MESSAGE_LENGTH_MAX = 32 * 1024;
const reasonForm = /^[A-Za-z](?:[A-Za-z0-9_,:]*[A-Za-z0-9_])?$/;

const condition: Rule<V1Condition> = fields<V1Condition>({
  type: required((type: string, at) => {
    for (const complaint of qualifiedName(type)) at.invalid(complaint);
  }),
  status: present(oneOf(['False', 'True', 'Unknown'])),
  observedGeneration: (generation: number, at) => {
    if (generation < 0) at.invalid('must not be negative');
  },
  lastTransitionTime: required<string>(),
  reason: required((reason: string, at) => {
    if (!reasonForm.test(reason)) at.invalid('must be a word of letters, digits and _ , :');
    if (reason.length > REASON_LENGTH_MAX) at.tooLong(REASON_LENGTH_MAX);
  }),
  message: (message: string, at) => {
    if (message.length > MESSAGE_LENGTH_MAX) at.tooLong(MESSAGE_LENGTH_MAX);
  },
});

/** Conditions in the form that is common to newer kinds (meta.k8s.io/v1 Condition): one of each type, each with a reason. */
export const conditions: Rule<readonly V1Condition[]> = all<readonly V1Condition[]>(
  unique(({ type }) => type, 'type'),
  each(condition),
);
