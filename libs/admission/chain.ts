import type { Admission, AdmissionAttributes } from '../registry/parts.ts';

/** One rule of admission. */
export interface AdmissionPlugin {
  readonly name: string;
  /** Resources it looks at, as `group/plural`; all when absent. */
  readonly resources?: readonly string[];
  /** Whether it looks at streams that are opened into an object, and at what is created below one, too. */
  readonly connects?: boolean;
  /** Before validation: completes the draft or refuses it with a StatusError. */
  admit?(attributes: AdmissionAttributes): Promise<void> | void;
  /** After validation, when the draft is what will be stored: only refuses. */
  validate?(attributes: AdmissionAttributes): Promise<void> | void;
}

type Step = (attributes: AdmissionAttributes) => Promise<void> | void;

interface Steps {
  readonly admit: readonly Step[];
  readonly validate: readonly Step[];
}

/** Runs the plugins in their order. Answers undefined when none had to wait, so that the common case costs nothing. */
export class AdmissionChain implements Admission {
  private readonly byResource = new Map<string, Steps>();
  private readonly connecting: Steps;

  constructor(private readonly plugins: readonly AdmissionPlugin[]) {
    this.connecting = stepsOf(plugins.filter((plugin) => plugin.connects));
  }

  admit(attributes: AdmissionAttributes): Promise<void> | undefined {
    return run(this.stepsFor(attributes).admit, attributes);
  }

  validate(attributes: AdmissionAttributes): Promise<void> | undefined {
    return run(this.stepsFor(attributes).validate, attributes);
  }

  private stepsFor({ definition, operation, subresource }: AdmissionAttributes): Steps {
    // What is created below an object is no object of its kind: a Binding, an Eviction, a TokenRequest.
    if (operation === 'connect' || (operation === 'create' && subresource !== undefined)) return this.connecting;
    const resource = `${definition.group}/${definition.plural}`;
    let steps = this.byResource.get(resource);
    if (!steps) {
      steps = stepsOf(this.plugins.filter((plugin) => !plugin.resources || plugin.resources.includes(resource)));
      this.byResource.set(resource, steps);
    }
    return steps;
  }
}

function stepsOf(plugins: readonly AdmissionPlugin[]): Steps {
  return {
    admit: plugins.flatMap((plugin) => plugin.admit?.bind(plugin) ?? []),
    validate: plugins.flatMap((plugin) => plugin.validate?.bind(plugin) ?? []),
  };
}

function run(steps: readonly Step[], attributes: AdmissionAttributes): Promise<void> | undefined {
  for (let index = 0; index < steps.length; index++) {
    const waiting = steps[index]!(attributes);
    if (waiting) return finish(waiting, steps.slice(index + 1), attributes);
  }
  return undefined;
}

async function finish(waiting: Promise<void>, rest: readonly Step[], attributes: AdmissionAttributes): Promise<void> {
  await waiting;
  for (const step of rest) await step(attributes);
}
