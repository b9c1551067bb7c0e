import type { Metrics } from '../../base/metrics.ts';

/** Seconds, as upstream divides them. */
const buckets = [0.005, 0.025, 0.1, 0.5, 1, 2.5, 10, 25];

export interface Outcome {
  readonly name: string;
  /** `admit` for mutating webhooks, `validating` for the others. */
  readonly type: string;
  readonly operation: string;
  readonly seconds: number;
  readonly rejected: boolean;
  readonly code: number;
  /** Why the request was refused, when it was. */
  readonly errorType?: 'calling_webhook_error' | 'no_error' | 'apiserver_internal_error';
}

/** What calls of webhooks cost and came to, under the upstream names. */
export class WebhookMeasures {
  private readonly duration;
  private readonly requests;
  private readonly rejections;
  private readonly openFailures;

  constructor(metrics: Metrics) {
    this.duration = metrics.histogram({
      name: 'apiserver_admission_webhook_admission_duration_seconds',
      help: 'How long webhooks took to answer.',
      labels: ['name', 'type', 'operation', 'rejected'],
      buckets,
    });
    this.requests = metrics.counter({
      name: 'apiserver_admission_webhook_request_total',
      help: 'Calls of webhooks.',
      labels: ['name', 'type', 'operation', 'code', 'rejected'],
    });
    this.rejections = metrics.counter({
      name: 'apiserver_admission_webhook_rejection_count',
      help: 'Requests that webhooks refused or could not be asked about.',
      labels: ['name', 'type', 'operation', 'error_type', 'rejection_code'],
    });
    this.openFailures = metrics.counter({
      name: 'apiserver_admission_webhook_fail_open_count',
      help: 'Requests that went on although a webhook could not be asked.',
      labels: ['name', 'type'],
    });
  }

  observe({ name, type, operation, seconds, rejected, code, errorType }: Outcome): void {
    const labels = { name, type, operation, rejected: String(rejected) };
    this.duration.observe(seconds, labels);
    this.requests.add(1, { ...labels, code: String(code) });
    if (!errorType) return;
    this.rejections.add(1, { name, type, operation, error_type: errorType, rejection_code: String(code) });
  }

  failedOpen(name: string, type: string): void {
    this.openFailures.add(1, { name, type });
  }
}
