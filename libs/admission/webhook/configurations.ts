import type { V1MutatingWebhook, V1ObjectMeta, V1RuleWithOperations } from '../../api/gen/types.ts';
import type { KubeObject } from '../../api/meta.ts';
import { labelSelectorOf } from '../../api/selectors/label-selector.ts';
import type { LabelSelector } from '../../api/selectors/requirement.ts';
import type { Collection } from '../../cache/collection.ts';

/** One webhook of one configuration, ready to be asked. Validating ones are never asked again. */
export interface Webhook {
  /** Names the webhook among all: its configuration, its place in it. */
  readonly id: string;
  readonly configuration: string;
  readonly hook: V1MutatingWebhook;
  readonly rules: readonly V1RuleWithOperations[];
  readonly namespaceSelector: LabelSelector;
  readonly objectSelector: LabelSelector;
}

type Configuration = KubeObject & { metadata?: V1ObjectMeta; webhooks?: V1MutatingWebhook[] };

/** The webhooks of one kind of configuration, by the configurations' names. Read again when one of them has changed. */
export class WebhookList {
  private version = -1;
  private list: readonly Webhook[] = [];

  constructor(private readonly configurations: Collection) {}

  current(): readonly Webhook[] {
    const { lastChange } = this.configurations;
    if (lastChange !== this.version) {
      this.list = this.read();
      this.version = lastChange;
    }
    return this.list;
  }

  private read(): Webhook[] {
    const objects = Array.from(this.configurations.list({}), ([, document]) => document.object as Configuration);
    const nameOf = (object: Configuration) => object.metadata?.name ?? '';
    return objects.sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1)).flatMap(webhooksOf);
  }
}

function webhooksOf({ metadata, webhooks = [] }: Configuration): Webhook[] {
  const configuration = metadata?.name ?? '';
  return webhooks.map((hook, index) => ({
    id: `${configuration}/${hook.name}/${index}`,
    configuration,
    hook,
    rules: hook.rules ?? [],
    namespaceSelector: labelSelectorOf(hook.namespaceSelector ?? {}),
    objectSelector: labelSelectorOf(hook.objectSelector ?? {}),
  }));
}
