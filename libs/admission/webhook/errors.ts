import { type StatusDetails, StatusError, type StatusReason } from '../../base/status.ts';
import type { AdmissionResponse } from './review.ts';

/** The webhook could not be asked, or did not answer as it should: what follows is for its failure policy to say. */
export class WebhookFailure extends Error {
  constructor(webhook: string, reason: string, cause?: unknown) {
    super(`failed calling webhook ${JSON.stringify(webhook)}: ${reason}`, { cause });
  }

  toStatusError(): StatusError {
    return new StatusError('InternalError', `Internal error occurred: ${this.message}`, {
      cause: this.cause,
      details: { causes: [{ message: this.message }] },
    });
  }
}

const badRequestCode = 400;

/** The refusal as its webhook worded it. */
export function denied(webhook: string, status: AdmissionResponse['status'] = {}): StatusError {
  const by = `admission webhook ${JSON.stringify(webhook)} denied the request`;
  const why = status.message || status.reason;
  const message = why ? `${by}: ${why}` : `${by} without explanation`;
  return new StatusError((status.reason || 'Unknown') as StatusReason, message, {
    code: Math.max(status.code ?? 0, badRequestCode),
    details: status.details as StatusDetails | undefined,
  });
}

export function dryRunUnsupported(webhook: string): StatusError {
  return new StatusError('BadRequest', `admission webhook ${JSON.stringify(webhook)} does not support dry run`);
}
