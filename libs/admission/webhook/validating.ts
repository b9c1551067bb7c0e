import type { ResourceDefinition } from '../../api/definition.ts';
import type { AdmissionAttributes } from '../../registry/parts.ts';
import type { AdmissionPlugin } from '../chain.ts';
import { WebhookAsker } from './asker.ts';
import { type Webhook, WebhookList } from './configurations.ts';
import { isExempt, matchWebhook } from './matching.ts';
import type { WebhookParts } from './mutating.ts';

const configurations = { group: 'admissionregistration.k8s.io', plural: 'validatingwebhookconfigurations' };

/** Asks all validating webhooks that a request concerns, at once; the first refusal in their order is the answer. */
export function validatingWebhooks(parts: WebhookParts): AdmissionPlugin {
  const { mirror, equivalents } = parts;
  const list = new WebhookList(mirror.collection(configurations.group, configurations.plural));
  const match = { namespaces: mirror.collection('', 'namespaces'), equivalents };
  const asker = new WebhookAsker(parts, 'validating');
  return {
    name: 'ValidatingAdmissionWebhook',
    connects: true,
    validate(attributes) {
      const webhooks = list.current();
      if (webhooks.length === 0 || isExempt(attributes.definition)) return undefined;
      const concerned = webhooks.flatMap((webhook) => {
        const as = matchWebhook(webhook, attributes, match);
        return as && asker.isConcerned(webhook, attributes, as) ? [{ webhook, as }] : [];
      });
      return concerned.length === 0 ? undefined : askAll(asker, concerned, attributes);
    },
  };
}

async function askAll(
  asker: WebhookAsker,
  concerned: ReadonlyArray<{ webhook: Webhook; as: ResourceDefinition }>,
  attributes: AdmissionAttributes,
): Promise<void> {
  const answers = await Promise.allSettled(concerned.map(({ webhook, as }) => asker.ask(webhook, attributes, as)));
  const refusal = answers.find((answer) => answer.status === 'rejected');
  if (refusal) throw refusal.reason;
}
