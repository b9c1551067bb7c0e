import { startControllers } from '../../apps/controllers/start.ts';
import { deployments } from '../../libs/api/kinds/deployment.ts';
import { namespaces } from '../../libs/api/kinds/namespace.ts';
import { pods } from '../../libs/api/kinds/pod.ts';
import { replicasets } from '../../libs/api/kinds/replicaset.ts';
import { silentLogger } from '../../libs/base/log.ts';
import { noMetrics } from '../../libs/base/metrics.ts';
import { type Random, seededRandom } from '../../libs/base/random.ts';
import { controllerOf } from '../../libs/reconcile/ownership.ts';
import { isPodActive, isPodReady } from '../../libs/reconcile/pods.ts';
import { FakeClient } from '../support/fake-client.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { FakeKubelet } from '../support/fake-kubelet.ts';
import { type Faults, FaultyClient, noFaults } from '../support/faulty-client.ts';
import { makeDeployment, makeTemplate } from '../support/make-deployment.ts';

/** BERTH_SIM_SEED runs one seed, BERTH_SIM_SEEDS another number of them. */
const seedsDefault = 20;
const safetySteps = 60;
const livenessMs = 180_000;
const at = { namespace: 'default', name: 'web' };

const rough: Faults = { lostRequest: 0.05, lostAnswer: 0.05, brokenWatch: 0.02, latencyMsMax: 40, watchLagMsMax: 120 };

/** A cluster in which everything goes wrong, until it is told to heal. */
class World {
  readonly clock = new FakeClock();
  readonly random: Random;
  readonly api: FakeClient;
  readonly network: FaultyClient;
  readonly kubelet: FakeKubelet;
  readonly #controllers: Array<{ stop(): Promise<void> }> = [];
  /** Resizing changes the bounds at once; what was allowed before may still be there for a while. */
  bounds = { most: 4, least: 0 };

  constructor(seed: number) {
    this.random = seededRandom(seed);
    this.api = new FakeClient({ clock: this.clock, random: this.random, keptEvents: 400 });
    this.network = new FaultyClient(this.api, { clock: this.clock, random: this.random, faults: rough });
    this.kubelet = new FakeKubelet({ client: this.api, clock: this.clock, startMs: 700, stopMs: 400 });
  }

  async start(): Promise<void> {
    const { network: client, clock, random } = this;
    const disabled = ['podgc', 'horizontalpodautoscaler', 'event-expiry'];
    this.#controllers.push(
      await startControllers({ client, clock, random, logger: silentLogger, metrics: noMetrics, disabled }),
    );
  }

  /** The controllers die in the middle of whatever they do; requests under way may still arrive. */
  async crash(): Promise<void> {
    const controllers = this.#controllers.splice(0);
    const gone = Promise.all(controllers.map((each) => each.stop()));
    await this.clock.advance(500);
    await gone;
  }

  async stop(): Promise<void> {
    await this.crash();
    await this.kubelet.stop();
  }

  get active() {
    return this.api.peek(pods).filter(isPodActive);
  }

  /** What must never happen, as a list of what did. */
  violations(): string[] {
    const [web] = this.api.peek(deployments);
    const found: string[] = [];
    const owners = new Set(this.api.peek(replicasets).map((one) => one.metadata?.uid));
    for (const pod of this.active) {
      if (!owners.has(controllerOf(pod)?.uid)) found.push(`pod ${pod.metadata?.name} has no owner that exists`);
    }
    if (!web) return found;
    const sizes = this.api.peek(replicasets).reduce((sum, one) => sum + (one.spec?.replicas ?? 0), 0);
    if (sizes > this.bounds.most) found.push(`replica sets ask for ${sizes} pods, at most ${this.bounds.most} allowed`);
    const ready = this.active.filter(isPodReady).length;
    if (ready < this.bounds.least) found.push(`${ready} pods are ready, at least ${this.bounds.least} asked for`);
    return found;
  }
}

/** One random thing that a user or fate does. */
async function disturb(world: World): Promise<string> {
  const dice = world.random.next();
  if (dice < 0.15) {
    const image = `busybox:${Math.floor(world.random.next() * 4)}`;
    const body = { spec: { template: makeTemplate('web', image) } };
    await world.api.patch(deployments, at, { type: 'merge', body });
    return `template ${image}`;
  }
  if (dice < 0.2) {
    await world.crash();
    await world.start();
    return 'controllers restarted';
  }
  return 'nothing';
}

async function runSafety(world: World): Promise<void> {
  for (let step = 0; step < safetySteps; step++) {
    const what = await disturb(world);
    for (let part = 0; part < 10; part++) {
      await world.clock.advance(100 + Math.floor(world.random.next() * 100));
      const violations = world.violations();
      if (violations.length > 0) throw new Error(`step ${step} after ${what}: ${violations.join('; ')}`);
    }
  }
}

async function runLiveness(world: World): Promise<void> {
  world.network.faults = noFaults;
  await world.clock.advance(livenessMs);
  const [web] = world.api.peek(deployments);
  const image = web?.spec?.template.spec?.containers[0]?.image;
  const images = world.active.map((pod) => pod.spec?.containers[0]?.image);
  expect(images).toEqual(Array(web?.spec?.replicas ?? 0).fill(image));
  expect(world.api.peek(pods)).toHaveLength(images.length);
  expect(web?.status).toMatchObject({
    observedGeneration: web?.metadata?.generation,
    updatedReplicas: images.length,
    availableReplicas: images.length,
  });
}

describe('controllers over a bad network', () => {
  const only = process.env.BERTH_SIM_SEED;
  const count = Number(process.env.BERTH_SIM_SEEDS ?? seedsDefault);
  const seeds = only ? [Number(only)] : Array.from({ length: count }, (_, index) => index + 1);
  it.each(seeds)('roll out safely and come to rest (seed %i)', async (seed) => {
    const world = new World(seed);
    try {
      await world.api.create(namespaces, { metadata: { name: 'default' } });
      const strategy = { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 1 } };
      await world.api.create(deployments, makeDeployment('web', { replicas: 3, strategy }));
      world.kubelet.start();
      await world.start();
      await world.clock.advance(60_000);
      world.bounds = { most: 4, least: 2 };
      await runSafety(world);
      await runLiveness(world);
    } catch (error) {
      throw new Error(`failing seed: BERTH_SIM_SEED=${seed}`, { cause: error });
    } finally {
      await world.stop();
    }
  });
});
