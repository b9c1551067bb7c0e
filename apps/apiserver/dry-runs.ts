import type { V1Scale } from '../../libs/api/gen/types.ts';
import type { KubeObject } from '../../libs/api/meta.ts';
import type { Logger } from '../../libs/base/log.ts';
import type { Document } from '../../libs/cache/document.ts';
import type { ApiServerExtension, DryRun } from './extension.ts';
import type { ResourceCall } from './resource-call.ts';

/** Adds what the extensions have to say of a dry run to its warnings. Advice that fails never fails the request. */
export class DryRunAdvice {
  private readonly extensions: readonly ApiServerExtension[];
  private readonly logger: Logger;

  constructor(extensions: readonly ApiServerExtension[], logger: Logger) {
    this.extensions = extensions.filter(({ advise }) => advise !== undefined);
    this.logger = logger;
  }

  async add(call: ResourceCall, document: Document, created: boolean): Promise<void> {
    const { at, asker, warnings, served } = call;
    if (this.extensions.length === 0 || (at.subresource !== undefined && at.subresource !== 'scale')) return;
    try {
      const { namespace, name = '' } = at;
      const previous = created ? undefined : (await served.service.get({ namespace, name })).object;
      const object = at.subresource === 'scale' ? scaled(previous!, document.object) : document.object;
      const dryRun: DryRun = { user: asker.user, object, previous };
      for (const extension of this.extensions) warnings.push(...(await extension.advise!(dryRun)));
    } catch (error) {
      this.logger.warn('a dry run was answered without advice', { error });
    }
  }
}

/** The object as it would be with the size that its scale asks for. */
function scaled(object: KubeObject, scale: V1Scale): KubeObject {
  const { spec } = object as { spec?: object };
  return { ...object, spec: { ...spec, replicas: scale.spec?.replicas ?? 0 } } as KubeObject;
}
