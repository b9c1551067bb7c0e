import { type ApplyContext, applyPatch } from '../../libs/api/apply/apply.ts';
import { resetFieldsOf } from '../../libs/api/apply/reset-fields.ts';
import { conformPatched } from '../../libs/api/decode/decode.ts';
import { forgetEmptyLists } from '../../libs/api/decode/zero.ts';
import type { KubeObject, ObjectMeta } from '../../libs/api/meta.ts';
import { schema } from '../../libs/api/schema/schema.ts';

/** What is applied to. */
export const type = schema.type('V1Pod');
export const gvk = { group: '', version: 'v1', kind: 'Pod' };

/** As whom, and when, something is applied. */
export const context = (manager: string, more: Partial<ApplyContext> = {}): ApplyContext => ({
  type,
  manager,
  apiVersion: 'v1',
  time: '2024-01-01T00:00:01Z',
  resetFields: resetFieldsOf({ group: '', plural: 'pods', hasStatus: true }),
  force: false,
  ...more,
});

/** What somebody applies of the pod `a`. */
export const config = (metadata: object, spec?: object): Config => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'a', ...metadata },
  ...(spec ? { spec } : {}),
});

export type Config = {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  spec?: { nodeSelector?: Record<string, string> };
};

/** The object after an apply, as a server would keep it. */
export function apply(current: KubeObject | undefined, manager: string, applied: Config, force = false) {
  const { object } = applyPatch(current, { ...applied }, context(manager, { force }));
  const kept = conformPatched<KubeObject & { spec: Record<string, unknown> }>(object, { type, gvk }).object;
  forgetEmptyLists(kept, type);
  return kept;
}
