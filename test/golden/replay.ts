import { setTimeout as pause } from 'node:timers/promises';
import type { Ask, GoldenCase, Seen } from './cases.ts';
import { type Difference, differences } from './differences.ts';
import { withPlaceholders } from './placeholders.ts';

/** Sends one request to the server under test. */
export type Send = (ask: Ask) => Promise<Seen>;

export interface Outcome {
  readonly id: string;
  readonly area: string;
  /** Empty where every answer was as recorded. */
  readonly differences: readonly Difference[];
}

/** Cases that leave nothing behind run side by side. */
const sideBySide = 16;
const settleTries = 20;
const settlePauseMs = 25;

/** Replays cases in the order given, those without traces first. */
export class Replay {
  readonly #send: Send;
  #namespaces = 0;

  constructor(send: Send) {
    this.#send = send;
  }

  async run(cases: readonly GoldenCase[]): Promise<Outcome[]> {
    const outcomes: Outcome[] = [];
    const traceless = cases.filter(({ shared }) => shared);
    const waiting = traceless.values();
    const namespace = await this.#namespace();
    const lane = async () => {
      for (const each of waiting) outcomes.push(await this.#outcome(each, namespace));
    };
    await Promise.all(Array.from({ length: sideBySide }, lane));
    for (const each of cases) {
      if (!each.shared) outcomes.push(await this.#outcome(each, await this.#namespace()));
    }
    return outcomes;
  }

  async #outcome(each: GoldenCase, namespace: string): Promise<Outcome> {
    const found: Difference[] = [];
    for (const [index, step] of each.steps.entries()) {
      const seen = await this.#send(within(step.do, namespace));
      found.push(...differences(step.see, withPlaceholders(seen, namespace), `step${index}`));
      if (index === 0 && each.settle) await this.#settle(within({ path: each.settle }, namespace));
    }
    for (const path of each.undo ?? []) await this.#remove(within({ path }, namespace));
    return { id: each.id, area: each.area, differences: found };
  }

  /** A namespace as controllers would have furnished it. */
  async #namespace(): Promise<string> {
    const name = `golden-${++this.#namespaces}-x`;
    await this.#send({
      method: 'POST',
      path: '/api/v1/namespaces',
      body: { kind: 'Namespace', apiVersion: 'v1', metadata: { name } },
    });
    await this.#send({
      method: 'POST',
      path: `/api/v1/namespaces/${name}/serviceaccounts`,
      body: { kind: 'ServiceAccount', apiVersion: 'v1', metadata: { name: 'default' } },
    });
    return name;
  }

  async #settle(ask: Ask): Promise<void> {
    for (let tries = 0; tries < settleTries; tries++) {
      if ((await this.#send(ask)).code === 200) return;
      await pause(settlePauseMs);
    }
  }

  async #remove({ path }: Ask): Promise<void> {
    const { code } = await this.#send({ method: 'DELETE', path: `${path}?gracePeriodSeconds=0` });
    if (code !== 200 || (await this.#send({ path })).code !== 200) return;
    const body = { metadata: { finalizers: null } };
    await this.#send({ method: 'PATCH', path, type: 'application/merge-patch+json', body });
  }
}

function within(ask: Ask, namespace: string): Ask {
  return JSON.parse(JSON.stringify(ask).replace(/\bNS\b/g, namespace)) as Ask;
}
