import { conformPatched } from '../../api/decode/decode.ts';
import type { ResourceDefinition } from '../../api/definition.ts';
import type { KubeObject } from '../../api/meta.ts';
import { applyJsonPatch } from '../../api/patch/json-patch.ts';
import { sameValue } from '../../api/validation/equality.ts';
import { StatusError } from '../../base/status.ts';
import type { StoreMirror } from '../../cache/mirror.ts';
import { expectedOf } from '../../registry/expected-type.ts';
import type { AdmissionAttributes } from '../../registry/parts.ts';
import { rescale } from '../../registry/scale.ts';
import type { AdmissionPlugin } from '../chain.ts';
import { type AskerParts, WebhookAsker } from './asker.ts';
import { type Webhook, WebhookList } from './configurations.ts';
import { isExempt, type MatchParts, matchWebhook } from './matching.ts';
import type { AdmissionResponse } from './review.ts';

const configurations = { group: 'admissionregistration.k8s.io', plural: 'mutatingwebhookconfigurations' };

export interface WebhookParts extends AskerParts {
  readonly mirror: StoreMirror;
  /** Other versions of the same objects that are served. */
  equivalents(definition: ResourceDefinition): readonly ResourceDefinition[];
}

/**
 * Asks the mutating webhooks that a request concerns, one after the other. When one has changed the object, `earlier`
 * plugins look at it again, and so do webhooks that wish to, once.
 */
export function mutatingWebhooks(parts: WebhookParts, earlier: readonly AdmissionPlugin[]): AdmissionPlugin {
  const { mirror, equivalents } = parts;
  const list = new WebhookList(mirror.collection(configurations.group, configurations.plural));
  const match = { namespaces: mirror.collection('', 'namespaces'), equivalents };
  const round = new Round(new WebhookAsker(parts, 'admit'), match);
  return {
    name: 'MutatingAdmissionWebhook',
    connects: true,
    admit(attributes) {
      const webhooks = list.current();
      if (webhooks.length === 0 || isExempt(attributes.definition)) return undefined;
      const concerned = webhooks.some((webhook) => matchWebhook(webhook, attributes, match));
      return concerned ? rounds(round, webhooks, { attributes, earlier }) : undefined;
    },
  };
}

async function rounds(
  round: Round,
  webhooks: readonly Webhook[],
  { attributes, earlier }: { attributes: AdmissionAttributes; earlier: readonly AdmissionPlugin[] },
): Promise<void> {
  const first = await round.run(webhooks, attributes);
  if (!first.changed) return;
  const before = JSON.stringify(attributes.object);
  await lookAgain(earlier, attributes);
  const all = JSON.stringify(attributes.object) !== before;
  const again = webhooks.filter(({ id, hook }) => {
    if (hook.reinvocationPolicy !== 'IfNeeded') return false;
    return all ? first.asked.has(id) : first.stale.has(id);
  });
  if (again.length > 0) await round.run(again, attributes);
}

/** The plugins that completed the object before it was changed complete it once more. */
async function lookAgain(earlier: readonly AdmissionPlugin[], attributes: AdmissionAttributes): Promise<void> {
  const { group, plural } = attributes.definition;
  if (attributes.operation === 'connect') return;
  for (const plugin of earlier) {
    if (!plugin.resources || plugin.resources.includes(`${group}/${plural}`)) await plugin.admit?.(attributes);
  }
}

interface RoundResult {
  readonly changed: boolean;
  readonly asked: ReadonlySet<string>;
  /** Webhooks after which another one has changed the object. */
  readonly stale: ReadonlySet<string>;
}

class Round {
  constructor(
    private readonly asker: WebhookAsker,
    private readonly match: MatchParts,
  ) {}

  async run(webhooks: readonly Webhook[], attributes: AdmissionAttributes): Promise<RoundResult> {
    const asked = new Set<string>();
    let stale: ReadonlySet<string> = new Set();
    let changed = false;
    for (const webhook of webhooks) {
      const as = matchWebhook(webhook, attributes, this.match);
      if (!as || !this.asker.isConcerned(webhook, attributes, as)) continue;
      const response = await this.asker.ask(webhook, attributes, as);
      if (response?.patch && change(webhook, { attributes, as, response })) {
        changed = true;
        stale = new Set(asked);
      }
      asked.add(webhook.id);
    }
    return { changed, asked, stale };
  }
}

/** Applies a webhook's patch to the draft; false when it came to nothing. @throws StatusError. */
function change(
  { hook }: Webhook,
  answer: { attributes: AdmissionAttributes; as: ResourceDefinition; response: AdmissionResponse },
): boolean {
  const { attributes, as, response } = answer;
  const { definition, object } = attributes;
  const { operations = [] } = response;
  if (operations.length === 0) return false;
  if (object && attributes.subresource === 'scale') {
    return rescale(definition, object, (scale) => patchOrFail(scale, operations));
  }
  if (!object || !isWhole(attributes)) {
    const why = 'attempted to modify the object, which is not supported for this operation';
    throw internal(`admission webhook ${JSON.stringify(hook.name)} ${why}`);
  }
  const next = patched(object, operations, { definition, as });
  definition.setDefaults?.(next);
  if (sameValue(next, object)) return false;
  replaceContent(object, next);
  return true;
}

/** Streams and what is created below an object have forms of their own. */
function isWhole({ operation, subresource }: AdmissionAttributes): boolean {
  return operation !== 'connect' && (operation !== 'create' || subresource === undefined);
}

function patchOrFail(object: KubeObject, operations: readonly unknown[]): KubeObject {
  try {
    return applyJsonPatch(object, operations) as KubeObject;
  } catch (error) {
    throw internal(error instanceof Error ? error.message : String(error));
  }
}

type Versions = { definition: ResourceDefinition; as: ResourceDefinition };

/** The object after the patch, in the form that the API keeps. */
function patched(object: KubeObject, operations: readonly unknown[], { definition, as }: Versions): KubeObject {
  const copy = JSON.parse(JSON.stringify(object)) as KubeObject;
  const there = as === definition ? copy : converted(definition, as, copy);
  const result = patchOrFail(there, operations);
  try {
    const back = as === definition ? result : converted(as, definition, result);
    return conformPatched(back, expectedOf(definition)).object;
  } catch (error) {
    throw internal(error instanceof Error ? error.message : String(error));
  }
}

function converted(from: ResourceDefinition, to: ResourceDefinition, object: KubeObject): KubeObject {
  const stored = from.storedAs ? from.storedAs.toStored(object) : object;
  return to.storedAs ? to.storedAs.fromStored(stored) : stored;
}

function internal(message: string): StatusError {
  return new StatusError('InternalError', `Internal error occurred: ${message}`);
}

/** The draft belongs to the writer, who goes on with it: its fields change, it stays. */
function replaceContent(draft: KubeObject, next: KubeObject): void {
  const fields = draft as unknown as Record<string, unknown>;
  for (const key of Object.keys(fields)) if (!(key in next)) delete fields[key];
  Object.assign(draft, next);
}
