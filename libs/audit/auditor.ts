import type { RequestAttributes } from '../auth/attributes.ts';
import type { UserInfo } from '../auth/user.ts';
import { type Clock, rfc3339Micro } from '../base/clock.ts';
import type { Counter, Metrics } from '../base/metrics.ts';
import type { Random } from '../base/random.ts';
import type { AuditLog } from './log.ts';
import { type AuditDecision, type AuditLevel, type AuditPolicy, type AuditStage, auditLevels } from './policy.ts';

/** One request on its way in. */
export interface AuditedRequest {
  readonly attributes: RequestAttributes;
  /** Absent when nobody knows who asks. */
  readonly user: UserInfo | undefined;
  /** With its query. */
  readonly uri: string;
  readonly sourceIps: readonly string[];
  readonly userAgent: string | undefined;
}

/** How it ended. The objects are in the form of the API; absent where they are not to be noted or were none. */
export interface AuditOutcome {
  readonly code: number;
  readonly requestObject?: unknown;
  readonly responseObject?: unknown;
}

export interface AuditorParts {
  readonly policy: AuditPolicy;
  readonly log: AuditLog;
  readonly clock: Clock;
  readonly random: Random;
  readonly metrics: Metrics;
}

/** Notes what the policy wants to be noted. */
export class Auditor {
  private readonly events: Counter;
  private readonly levels: Counter;

  constructor(private readonly parts: AuditorParts) {
    this.events = parts.metrics.counter({ name: 'apiserver_audit_event_total', help: 'Audit events that were noted.' });
    this.levels = parts.metrics.counter({
      name: 'apiserver_audit_level_total',
      help: 'Requests by how much the audit policy notes about them.',
      labels: ['level'],
    });
  }

  /** Begins the trail of one request; undefined when nothing of it is noted. */
  begin(request: AuditedRequest): AuditTrail | undefined {
    const decision = this.parts.policy.decide(request.user, request.attributes);
    this.levels.add(1, { level: decision.level });
    if (decision.level === 'None') return undefined;
    const trail = new AuditTrail(request, decision, { ...this.parts, noted: () => this.events.add(1) });
    trail.stage('RequestReceived');
    return trail;
  }

  /** Resolves when everything has been written. */
  close(): Promise<void> {
    return this.parts.log.close();
  }
}

/** What is noted about one request, stage by stage. */
export class AuditTrail {
  readonly id: string;
  private readonly received: string;
  private readonly annotations: Record<string, string> = {};
  private actor: UserInfo | undefined;
  private over = false;

  constructor(
    private readonly request: AuditedRequest,
    private readonly decision: AuditDecision,
    private readonly parts: AuditorParts & { noted(): void },
  ) {
    this.id = parts.random.uuid();
    this.received = rfc3339Micro(parts.clock.now());
  }

  wants(level: AuditLevel): boolean {
    return auditLevels.indexOf(this.decision.level) >= auditLevels.indexOf(level);
  }

  annotate(key: string, value: string): void {
    this.annotations[key] ??= value;
  }

  /** The request goes on as another user. */
  actAs(actor: UserInfo): void {
    if (actor !== this.request.user) this.actor = actor;
  }

  stage(stage: AuditStage, outcome?: AuditOutcome): void {
    if (this.over) return;
    this.over = stage === 'ResponseComplete';
    if (this.decision.omitStages.has(stage)) return;
    this.parts.noted();
    this.parts.log.add(JSON.stringify(this.event(stage, outcome)));
  }

  private event(stage: AuditStage, outcome: AuditOutcome | undefined): object {
    const { attributes, user, uri, sourceIps, userAgent } = this.request;
    return {
      kind: 'Event',
      apiVersion: 'audit.k8s.io/v1',
      level: this.decision.level,
      auditID: this.id,
      stage,
      requestURI: uri,
      verb: attributes.verb,
      user: wireUser(user),
      impersonatedUser: this.actor && wireUser(this.actor),
      sourceIPs: sourceIps,
      userAgent,
      objectRef: objectRef(attributes),
      responseStatus: outcome && statusOf(outcome),
      requestObject: this.shown(outcome?.requestObject),
      responseObject: this.shown(outcome?.responseObject),
      requestReceivedTimestamp: this.received,
      stageTimestamp: rfc3339Micro(this.parts.clock.now()),
      annotations: Object.keys(this.annotations).length > 0 ? this.annotations : undefined,
    };
  }

  private shown(object: unknown): unknown {
    return this.decision.omitManagedFields ? withoutManagedFields(object) : object;
  }
}

function wireUser(user: UserInfo | undefined) {
  return { username: user?.name, uid: user?.uid, groups: user?.groups, extra: user?.extra };
}

function objectRef({ resource }: RequestAttributes) {
  if (!resource) return undefined;
  const { plural, namespace, name, group, version, subresource } = resource;
  return { resource: plural, namespace, name, apiGroup: group || undefined, apiVersion: version, subresource };
}

function statusOf({ code, responseObject }: AuditOutcome) {
  const answer = responseObject as { kind?: string; status?: unknown; reason?: string; message?: string } | undefined;
  if (answer?.kind !== 'Status') return { metadata: {}, code };
  const { status, reason, message } = answer;
  return { metadata: {}, status, message, reason, code };
}

function withoutManagedFields(object: unknown): unknown {
  if (typeof object !== 'object' || object === null) return object;
  const { metadata, items } = object as { metadata?: { managedFields?: unknown }; items?: unknown[] };
  const copy: Record<string, unknown> = { ...object };
  if (metadata?.managedFields) copy.metadata = { ...metadata, managedFields: undefined };
  if (Array.isArray(items)) copy.items = items.map(withoutManagedFields);
  return copy;
}
