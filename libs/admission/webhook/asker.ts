import type { ResourceDefinition } from '../../api/definition.ts';
import type { Clock } from '../../base/clock.ts';
import type { Metrics } from '../../base/metrics.ts';
import type { Random } from '../../base/random.ts';
import { isStatus, type StatusError } from '../../base/status.ts';
import { forbidden } from '../../registry/errors.ts';
import type { AdmissionAttributes } from '../../registry/parts.ts';
import type { WebhookCaller } from '../../webhook/caller.ts';
import type { Webhook } from './configurations.ts';
import { denied, dryRunUnsupported, WebhookFailure } from './errors.ts';
import { WebhookMeasures } from './measures.ts';
import { type AdmissionResponse, admissionReview, readResponse } from './review.ts';

const timeoutSecondsDefault = 10;

/**
 * Whether the conditions of a webhook let it be asked. Answers a text when a condition could not be decided and none
 * said no.
 */
export type MatchConditions = (
  webhook: Webhook['hook'],
  attributes: AdmissionAttributes,
  as: ResourceDefinition,
) => boolean | { error: string };

export interface AskerParts {
  readonly caller: WebhookCaller;
  readonly clock: Clock;
  readonly random: Random;
  readonly metrics: Metrics;
  /** Absent: conditions are taken as met. */
  readonly conditions?: MatchConditions;
}

export type WebhookType = 'admit' | 'validating';

/** Asks one webhook about one request. */
export class WebhookAsker {
  private readonly measures: WebhookMeasures;

  constructor(
    private readonly parts: AskerParts,
    private readonly type: WebhookType,
  ) {
    this.measures = new WebhookMeasures(parts.metrics);
  }

  /** Whether the webhook's conditions hold for the request. @throws StatusError when nobody can tell and it matters. */
  isConcerned({ hook }: Webhook, attributes: AdmissionAttributes, as: ResourceDefinition): boolean {
    if (!hook.matchConditions?.length || !this.parts.conditions) return true;
    const verdict = this.parts.conditions(hook, attributes, as);
    if (typeof verdict === 'boolean') return verdict;
    if (hook.failurePolicy === 'Ignore') return false;
    throw forbidden(attributes.definition, attributes.at.name ?? '', verdict.error);
  }

  /**
   * The webhook's answer when it allows the request; undefined when it could not be asked and that is no harm.
   * @throws StatusError.
   */
  async ask(
    webhook: Webhook,
    attributes: AdmissionAttributes,
    as: ResourceDefinition,
  ): Promise<AdmissionResponse | undefined> {
    const { clock } = this.parts;
    const { hook } = webhook;
    const startMs = clock.monotonic();
    const outcome = { name: hook.name, type: this.type, operation: attributes.operation.toUpperCase() };
    const seconds = () => (clock.monotonic() - startMs) / 1000;
    try {
      const response = await this.call(webhook, attributes, as);
      if (!response.allowed) throw denied(hook.name, response.status);
      this.measures.observe({ ...outcome, seconds: seconds(), rejected: false, code: 200 });
      return response;
    } catch (error) {
      const open = error instanceof WebhookFailure && hook.failurePolicy === 'Ignore';
      const failure = error instanceof WebhookFailure ? error.toStatusError() : error;
      const code = isStatus(failure) ? failure.code : 0;
      const errorType = open ? undefined : errorTypeOf(error);
      this.measures.observe({ ...outcome, seconds: seconds(), rejected: !open, code, errorType });
      if (!open) throw failure;
      this.measures.failedOpen(hook.name, this.type);
      return undefined;
    }
  }

  private async call({ hook }: Webhook, attributes: AdmissionAttributes, as: ResourceDefinition) {
    const { request } = attributes;
    if (request.dryRun && hook.sideEffects !== 'None' && hook.sideEffects !== 'NoneOnDryRun') {
      throw dryRunUnsupported(hook.name);
    }
    const fail = (what: string) => (error: unknown) => {
      throw new WebhookFailure(hook.name, `${what}: ${error instanceof Error ? error.message : error}`, error);
    };
    if (!hook.admissionReviewVersions.includes('v1')) {
      fail('could not create admission objects')('webhook does not accept known AdmissionReview versions (v1)');
    }
    const uid = this.parts.random.uuid();
    const body = Buffer.from(JSON.stringify(admissionReview(attributes, as, uid)));
    const timeoutMs = (hook.timeoutSeconds ?? timeoutSecondsDefault) * 1000;
    const answer = await this.parts.caller
      .post(hook.clientConfig, body, timeoutMs)
      .catch(fail('failed to call webhook'));
    const response = verified(answer, uid, { mutating: this.type === 'admit', fail });
    for (const warning of response.warnings ?? []) request.warn(warning);
    for (const [key, value] of Object.entries(response.auditAnnotations ?? {})) {
      request.annotate?.(`${hook.name}/${key}`, value);
    }
    return response;
  }
}

function verified(
  answer: unknown,
  uid: string,
  { mutating, fail }: { mutating: boolean; fail: (what: string) => (error: unknown) => never },
): AdmissionResponse {
  try {
    return readResponse(answer, uid, mutating);
  } catch (error) {
    return fail('received invalid webhook response')(error);
  }
}

function errorTypeOf(error: unknown) {
  if (error instanceof WebhookFailure) return 'calling_webhook_error';
  return isStatus(error as StatusError) ? 'no_error' : 'apiserver_internal_error';
}
