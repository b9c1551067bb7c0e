import type { Clock } from '../base/clock.ts';
import type { Random } from '../base/random.ts';
import type { StoreMirror } from '../cache/mirror.ts';
import { mirrorReader } from '../cache/object-reader.ts';
import { certificateDecisions, certificateSubjects, completeCertificateRequests } from './certificates.ts';
import type { AdmissionPlugin } from './chain.ts';
import { claimResizes } from './claim-resize.ts';
import { defaultIngressClass, defaultStorageClass } from './default-class.ts';
import { defaultTolerations } from './default-tolerations.ts';
import { limitRanges } from './limit-ranger.ts';
import { namespaceLifecycle } from './namespace-lifecycle.ts';
import { nodeRestriction } from './node-restriction.ts';
import { taintNewNodes } from './node-taint.ts';
import { podResizes } from './pod-resize.ts';
import { podSecurity } from './pod-security.ts';
import { podTopology } from './pod-topology.ts';
import { mutatingPolicies } from './policy/mutating.ts';
import { type PolicyParts, validatingPolicies } from './policy/validating.ts';
import { priorities } from './priority.ts';
import { type EscalationParts, rbacEscalation } from './rbac-escalation.ts';
import { relocations } from './relocation.ts';
import { runtimeClasses } from './runtime-class.ts';
import { serviceAccounts } from './service-account.ts';
import { protectStorage } from './storage-protection.ts';
import { mutatingWebhooks, type WebhookParts } from './webhook/mutating.ts';
import { validatingWebhooks } from './webhook/validating.ts';

export interface AdmissionParts extends EscalationParts {
  /** Absent: no policy is looked at. */
  readonly policies?: PolicyParts;
  readonly mirror: StoreMirror;
  readonly random: Random;
  readonly clock: Clock;
  /** Absent: no webhook is asked. */
  readonly webhooks?: WebhookParts;
  /** How long pods tolerate a lost node when they do not say; 300 when absent. */
  readonly evictionTolerationSeconds?: number;
  /** Whether new nodes take no pods until the node life cycle controller has found them ready; true when absent. */
  readonly taintsNewNodes?: boolean;
}

/** Every rule of admission, in the order in which they run. */
export function admissionPlugins(parts: AdmissionParts): AdmissionPlugin[] {
  const { mirror, random, evictionTolerationSeconds } = parts;
  const completing = [
    namespaceLifecycle(mirror),
    limitRanges(mirror),
    nodeRestriction(mirrorReader(mirror)),
    ...(parts.taintsNewNodes === false ? [] : [taintNewNodes]),
    podSecurity(mirror),
    defaultStorageClass(mirrorReader(mirror)),
    protectStorage,
    claimResizes(mirrorReader(mirror)),
    defaultIngressClass(mirrorReader(mirror)),
    podTopology(mirror),
    serviceAccounts(mirror, random, parts.clock),
    defaultTolerations(evictionTolerationSeconds),
    priorities(mirrorReader(mirror)),
    runtimeClasses(mirror),
    relocations(mirror),
    podResizes(mirrorReader(mirror)),
    rbacEscalation(parts),
    completeCertificateRequests(parts.clock),
    certificateDecisions(parts.authorizer),
    certificateSubjects,
  ];
  const { webhooks, policies } = parts;
  const rules = policies
    ? [...completing, mutatingPolicies(policies, completing), validatingPolicies(policies)]
    : completing;
  return webhooks ? [...rules, mutatingWebhooks(webhooks, rules), validatingWebhooks(webhooks)] : rules;
}
