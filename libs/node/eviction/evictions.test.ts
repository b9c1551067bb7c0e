import { FakeClock } from '../../../test/support/fake-clock.ts';
import { podOf } from '../../../test/support/test-node.ts';
import { silentLogger } from '../../base/log.ts';
import { Evictions, type Outgrown } from './evictions.ts';
import { NodePressure } from './pressure.ts';

const gi = 2 ** 30;

/** A node with two pods of which nothing is real but the choice of who must go. */
class Scene {
  readonly clock = new FakeClock();
  short = false;
  walks = 0;
  /** Names of the pods that were told to go, and of those that hold nothing any more. */
  readonly told: string[] = [];
  readonly gone = new Set<string>();
  outgrown: () => Promise<Outgrown[]> = async () => [];
  readonly evictions = new Evictions({
    clock: this.clock,
    logger: silentLogger,
    pressure: new NodePressure({ clock: this.clock, measure: () => this.#measures() }),
    consumers: async () => {
      const active = ['a', 'b'].filter((name) => !this.told.includes(name)).map((name) => podOf(name));
      return active.map((pod) => ({ pod, usedBytes: gi, containers: new Map() }));
    },
    outgrown: () => {
      this.walks++;
      return this.outgrown();
    },
    reclaim: async () => {},
    holds: ({ metadata }) => !this.gone.has(metadata?.name ?? ''),
    evict: ({ metadata }) => this.told.push(metadata?.name ?? ''),
  });

  #measures() {
    const disk = { totalBytes: 50 * gi, availableBytes: 50 * gi };
    const memory = { totalBytes: 4 * gi, availableBytes: this.short ? 0 : 4 * gi };
    return { memory, volumes: disk, images: undefined };
  }
}

describe('evictions', () => {
  let scene: Scene;
  beforeEach(() => {
    scene = new Scene();
    scene.evictions.start();
  });
  afterEach(() => scene.evictions.stop());
  const tooLarge = (name: string) => async () => [{ pod: podOf(name), message: 'too large' }];

  it.each<[string, () => Promise<Outgrown[]>]>([
    ['fails', () => Promise.reject(new Error('the disk is broken'))],
    ['does not end', () => new Promise(() => {})],
  ])('relieve a node whose walk over disks %s', async (_, walk) => {
    scene.outgrown = walk;
    await scene.clock.advance(60_000);
    expect(scene.walks).toBeGreaterThan(0);
    scene.short = true;
    await scene.clock.advance(11_000);
    expect(scene.told).toEqual(['a']);
  });

  it('walk over disks more seldom than they look at the pressure, also after a walk that failed', async () => {
    await scene.clock.advance(60_000);
    expect(scene.walks).toBe(2);
    scene.outgrown = () => Promise.reject(new Error('the disk is broken'));
    await scene.clock.advance(60_000);
    expect(scene.walks).toBe(4);
  });

  it('take no other pod while one that has outgrown its limits is about to go', async () => {
    scene.outgrown = tooLarge('b');
    await scene.clock.advance(30_000);
    scene.short = true;
    await scene.clock.advance(29_000);
    expect(scene.told).toEqual(['b']);
    scene.outgrown = async () => [];
    scene.gone.add('b');
    await scene.clock.advance(10_000);
    expect(scene.told).toEqual(['b', 'a']);
  });

  it('tell a pod once, however long it takes to go', async () => {
    scene.outgrown = tooLarge('b');
    await scene.clock.advance(120_000);
    expect(scene.told).toEqual(['b']);
  });

  it('end with their stop, also those that a walk under way would find', async () => {
    let found: (pods: Outgrown[]) => void = () => {};
    scene.outgrown = () => new Promise((resolve) => (found = resolve));
    await scene.clock.advance(30_000);
    scene.evictions.stop();
    found(await tooLarge('a')());
    await scene.clock.advance(60_000);
    expect([scene.told, scene.walks, scene.clock.timers]).toEqual([[], 1, 0]);
  });
});
