import type { Admission, AdmissionAttributes } from '../registry/parts.ts';

/** One rule of admission. It completes the draft or refuses it with a StatusError. */
export interface AdmissionPlugin {
  readonly name: string;
  /** Resources it looks at, as `group/plural`; all when absent. */
  readonly resources?: readonly string[];
  admit(attributes: AdmissionAttributes): Promise<void> | void;
}

/** Runs the plugins in their order. Answers undefined when none had to wait, so that the common case costs nothing. */
export class AdmissionChain implements Admission {
  private readonly byResource = new Map<string, readonly AdmissionPlugin[]>();

  constructor(private readonly plugins: readonly AdmissionPlugin[]) {}

  admit(attributes: AdmissionAttributes): Promise<void> | undefined {
    const plugins = this.pluginsFor(attributes);
    for (let index = 0; index < plugins.length; index++) {
      const waiting = plugins[index]!.admit(attributes);
      if (waiting) return this.finish(waiting, plugins.slice(index + 1), attributes);
    }
    return undefined;
  }

  private async finish(
    waiting: Promise<void>,
    rest: readonly AdmissionPlugin[],
    attributes: AdmissionAttributes,
  ): Promise<void> {
    await waiting;
    for (const plugin of rest) await plugin.admit(attributes);
  }

  private pluginsFor({ definition }: AdmissionAttributes): readonly AdmissionPlugin[] {
    const resource = `${definition.group}/${definition.plural}`;
    let plugins = this.byResource.get(resource);
    if (!plugins) {
      plugins = this.plugins.filter((plugin) => !plugin.resources || plugin.resources.includes(resource));
      this.byResource.set(resource, plugins);
    }
    return plugins;
  }
}
