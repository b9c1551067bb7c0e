import { podOf, TestNode } from '../../../test/support/test-node.ts';
import { RuntimeError } from '../../runtime/runtime.ts';
import { mountsBelow } from './mounts.ts';

describe('a volume that shows an image', () => {
  let node: TestNode;
  beforeEach(async () => {
    node = new TestNode({ images: ['example.com/app:1', 'example.com/data:1'] });
    await node.start();
  });
  afterEach(async () => {
    node.delete('a');
    await node.until('nothing is left', () => node.clean());
    await node.stop();
  });

  const showing = (name: string, reference: string) =>
    podOf(name, { volumes: [{ name: 'v', image: { reference, pullPolicy: 'Never' } }] });
  const mounts = () => mountsBelow(node.path('pods'));

  it('is mounted before containers start, once, and goes with its pod', async () => {
    node.pods.set(showing('a', 'example.com/data:1'));
    await node.running('a');
    expect([...node.runtime.imageViews]).toEqual([['berth-volume/uid-a/v', 'example.com/data:1']]);
    const directory = node.path('pods', 'uid-a', 'volumes', 'image', 'v');
    expect(await mounts()).toEqual([directory]);
    await node.agent?.stop();
    await node.start();
    await node.clock.advance(5_000);
    expect(await mounts()).toEqual([directory]);
    node.delete('a');
    await node.until('nothing is left', () => node.clean());
    expect([node.runtime.imageViews.size, await mounts()]).toEqual([0, []]);
  });

  it('waits for its image, and says so', async () => {
    node.pods.set(showing('a', 'example.com/none:1'));
    const told = () => node.link.events.find(({ reason }) => reason === 'FailedMount')?.message;
    await node.until('it is told', () => told() !== undefined);
    expect(told()).toBe(
      'MountVolume.SetUp failed for volume "v" : Container image "example.com/none:1" is not present with pull policy of Never',
    );
    expect(node.status('a')?.phase).not.toBe('Running');
    await node.runtime.pullImage('example.com/none:1');
    await node.running('a');
    expect(await mounts()).toHaveLength(1);
  });

  it('leaves no view behind when it ends between the view and the mount', async () => {
    const { imageView } = node.runtime;
    node.runtime.imageView = async (image, key) => {
      await imageView.call(node.runtime, image, key);
      throw new RuntimeError('unavailable', 'the agent ends here');
    };
    node.pods.set(showing('a', 'example.com/data:1'));
    await node.until('there is a view', () => node.runtime.imageViews.size === 1);
    node.delete('a');
    await node.until('nothing is left', () => node.clean());
    expect(node.runtime.imageViews.size).toBe(0);
  });

  it('does not hold a pod up on a runtime that cannot show images', async () => {
    const refuse = async () => {
      throw new RuntimeError('unimplemented', 'no snapshots');
    };
    Object.assign(node.runtime, { imageView: refuse, removeImageView: refuse });
    node.pods.set(showing('a', 'example.com/data:1'));
    await node.until('it is told', () => node.link.events.some(({ reason }) => reason === 'FailedMount'));
    node.delete('a');
    await node.until('nothing is left', () => node.clean());
  });
});
