import { portName } from './names.ts';
import { between, type Rule } from './rule.ts';

export const PROTOCOLS = ['SCTP', 'TCP', 'UDP'] as const;

export const portNumber: Rule<number> = between(1, 65535);

/** A port by number or by the name it has in the pod. */
export const portNumberOrName: Rule<number | string> = (port, at) => {
  if (typeof port === 'number') portNumber(port, at, undefined);
  else for (const complaint of portName(port)) at.invalid(complaint);
};
