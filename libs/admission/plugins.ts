import type { Random } from '../base/random.ts';
import type { StoreMirror } from '../cache/mirror.ts';
import { mirrorReader } from '../cache/object-reader.ts';
import type { AdmissionPlugin } from './chain.ts';
import { defaultTolerations } from './default-tolerations.ts';
import { namespaceLifecycle } from './namespace-lifecycle.ts';
import { taintNewNodes } from './node-taint.ts';
import { podResizes } from './pod-resize.ts';
import { priorities } from './priority.ts';
import { type EscalationParts, rbacEscalation } from './rbac-escalation.ts';
import { runtimeClasses } from './runtime-class.ts';
import { serviceAccounts } from './service-account.ts';
import { protectStorage } from './storage-protection.ts';

export interface AdmissionParts extends EscalationParts {
  readonly mirror: StoreMirror;
  readonly random: Random;
  /** How long pods tolerate a lost node when they do not say; 300 when absent. */
  readonly evictionTolerationSeconds?: number;
}

/** Every rule of admission, in the order in which they run. */
export function admissionPlugins(parts: AdmissionParts): AdmissionPlugin[] {
  const { mirror, random, evictionTolerationSeconds } = parts;
  return [
    namespaceLifecycle(mirror),
    taintNewNodes,
    protectStorage,
    serviceAccounts(mirror, random),
    defaultTolerations(evictionTolerationSeconds),
    priorities(mirrorReader(mirror)),
    runtimeClasses(mirror),
    podResizes(mirrorReader(mirror)),
    rbacEscalation(parts),
  ];
}
