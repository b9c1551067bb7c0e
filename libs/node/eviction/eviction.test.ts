import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { podOf, TestNode } from '../../../test/support/test-node.ts';
import type { V1Pod } from '../../api/gen/types.ts';
import { type Measures, type Shortage, shortages } from './pressure.ts';
import { type Consumer, evictionMessage, rankForEviction } from './rank.ts';

const gi = 2 ** 30;
const mi = 2 ** 20;
const plenty: Measures = {
  memory: { totalBytes: 4 * gi, availableBytes: 4 * gi },
  volumes: { totalBytes: 50 * gi, availableBytes: 50 * gi },
  images: { totalBytes: 50 * gi, availableBytes: 50 * gi },
};

describe('shortages', () => {
  it.each<[string, Partial<Measures>, string[]]>([
    ['nothing', {}, []],
    ['memory', { memory: { totalBytes: 4 * gi, availableBytes: 99 * mi } }, ['memory.available']],
    ['not yet memory on a small node', { memory: { totalBytes: gi, availableBytes: 60 * mi } }, []],
    ['memory of a small node', { memory: { totalBytes: gi, availableBytes: 50 * mi } }, ['memory.available']],
    ['images first', { images: { totalBytes: 10 * gi, availableBytes: 1.4 * gi } }, ['imagefs.available']],
    ['not yet volumes', { volumes: { totalBytes: 10 * gi, availableBytes: 1.4 * gi } }, []],
    ['volumes', { volumes: { totalBytes: 10 * gi, availableBytes: 0.9 * gi } }, ['nodefs.available']],
    ['nothing of a large disk', { volumes: { totalBytes: 1000 * gi, availableBytes: 2.1 * gi } }, []],
    ['a large disk', { volumes: { totalBytes: 1000 * gi, availableBytes: 1.9 * gi } }, ['nodefs.available']],
    ['images elsewhere', { images: undefined }, []],
  ])('%s', (_, change, signals) => {
    expect(shortages({ ...plenty, ...change }).map(({ signal }) => signal)).toEqual(signals);
  });
});

function consumer(name: string, usedMi: number, requestMi: number, priority = 0): Consumer {
  const requests = requestMi > 0 ? { memory: `${requestMi}Mi` } : undefined;
  const pod: V1Pod = { metadata: { name }, spec: { priority, containers: [{ name: 'c', resources: { requests } }] } };
  return { pod, usedBytes: usedMi * mi, containers: new Map([['c', usedMi * mi]]) };
}

describe('rankForEviction', () => {
  it.each<[string, Consumer[], string[]]>([
    ['above its request first', [consumer('within', 90, 100), consumer('above', 20, 10)], ['above', 'within']],
    ['less priority first', [consumer('high', 50, 10, 5), consumer('low', 20, 10, 1)], ['low', 'high']],
    ['furthest above first', [consumer('near', 12, 10), consumer('far', 30, 10)], ['far', 'near']],
    ['what asks for nothing', [consumer('asks', 50, 40), consumer('free', 20, 0)], ['free', 'asks']],
    ['none that the cluster needs', [consumer('system', 500, 0, 2_000_001_000)], []],
  ])('%s', (_, consumers, names) => {
    expect(rankForEviction(consumers, 'memory').map(({ pod }) => pod.metadata?.name)).toEqual(names);
  });

  it('says why, container by container', () => {
    const shortage: Shortage = {
      ...{ resource: 'memory', signal: 'memory.available' },
      ...{ availableBytes: 50 * mi, thresholdBytes: 100 * mi },
    };
    expect(evictionMessage(shortage, consumer('a', 20, 10))).toBe(
      'The node was low on resource: memory. Threshold quantity: 102400Ki, available: 51200Ki. Container c was using ' +
        '20480Ki, request is 10240Ki, has larger consumption of memory. ',
    );
  });
});

describe('a node that runs short', () => {
  let node: TestNode;
  const written = new Map<string, number>();
  beforeEach(async () => {
    written.clear();
    node = new TestNode({ writtenBytes: (container) => written.get(container) ?? 0 });
    await node.start();
  });
  afterEach(() => node.stop());
  const condition = (type: string) => node.link.nodeStatus?.conditions?.find((each) => each.type === type)?.status;
  const phases = () => ['a', 'b'].map((name) => node.status(name)?.phase).sort();

  it('evicts one pod at a time, takes no new one without requests, and is itself again later', async () => {
    for (const name of ['a', 'b']) {
      node.pods.set(podOf(name));
      await node.running(name);
    }
    node.measures.memory.availableBytes = mi;
    await node.until('one is evicted', () => phases().includes('Failed'));
    node.measures.memory.availableBytes = gi;
    await node.until('the node says so', () => condition('MemoryPressure') === 'True');
    expect(phases()).toEqual(['Failed', 'Running']);
    const gone = ['a', 'b'].map((name) => node.status(name)).find((status) => status?.phase === 'Failed');
    expect(gone).toMatchObject({ reason: 'Evicted', message: expect.stringContaining('low on resource: memory') });
    expect(gone?.conditions).toContainEqual(
      expect.objectContaining({ type: 'DisruptionTarget', status: 'True', reason: 'TerminationByKubelet' }),
    );
    expect(node.link.events.map(({ reason }) => reason)).toContain('Evicted');
    node.pods.set(podOf('c'));
    node.pods.set(podOf('d', {}, { resources: { requests: { memory: '1Mi' } } }));
    await node.running('d');
    expect(node.status('c')).toMatchObject({ phase: 'Failed', reason: 'Evicted' });
    await node.clock.advance(6 * 60_000);
    await node.until('it has recovered', () => condition('MemoryPressure') === 'False');
  });

  it('removes unused images before it evicts for its disk', async () => {
    node.pods.set(podOf('a'));
    await node.running('a');
    let removed = 0;
    node.runtime.removeImage = async () => {
      removed += 1;
      node.measures.volumes.availableBytes = 2 ** 40;
    };
    const unused = { id: 'u', tags: ['example.com/u:1'], digests: [], sizeBytes: 1, username: '', pinned: false };
    node.runtime.listImages = async () => [unused];
    node.measures.volumes.availableBytes = gi;
    await node.until('it is removed', () => removed > 0);
    await node.clock.advance(30_000);
    expect(node.status('a')?.phase).toBe('Running');
    expect(condition('DiskPressure')).toBe('True');
  });

  it('evicts a pod whose volume outgrows its size, however much room there is', async () => {
    node.pods.set(podOf('a', { volumes: [{ name: 'scratch', emptyDir: { sizeLimit: '64Ki' } }] }));
    node.pods.set(podOf('b', { volumes: [{ name: 'scratch', emptyDir: { sizeLimit: '64Mi' } }] }));
    for (const name of ['a', 'b']) {
      await node.running(name);
      const volume = node.path('pods', `uid-${name}`, 'volumes', 'emptyDir', 'scratch');
      writeFileSync(join(volume, 'data'), Buffer.alloc(256 * 1024, 'x'));
    }
    await node.clock.advance(30_000);
    await node.until('it is evicted', () => node.status('a')?.phase === 'Failed');
    const message = 'Usage of EmptyDir volume "scratch" exceeds the limit "64Ki". ';
    expect(node.status('a')).toMatchObject({ reason: 'Evicted', message });
    expect(node.status('b')?.phase).toBe('Running');
  });

  it('evicts a pod whose container writes more beside its volumes than it may, logs included', async () => {
    const limited = { resources: { limits: { 'ephemeral-storage': '1Mi' } } };
    const small = (name: string) => ({ name, image: 'example.com/app:1', ...limited });
    const roomy = { name: 'roomy', image: 'example.com/app:1', resources: { limits: { 'ephemeral-storage': '9Mi' } } };
    for (const name of ['a', 'b']) {
      node.pods.set(podOf(name, { containers: [small(`of-${name}`), roomy] }));
      await node.running(name);
    }
    written.set('of-a', mi - 1024).set('of-b', mi - 1024);
    const log = node.path('logs', 'ns_b_uid-b', 'of-b');
    mkdirSync(log, { recursive: true });
    writeFileSync(join(log, '0.log'), Buffer.alloc(8192, 'x'));
    await node.clock.advance(30_000);
    await node.until('it is evicted', () => node.status('b')?.phase === 'Failed');
    const message = 'Container of-b exceeded its local ephemeral storage limit "1Mi". ';
    expect(node.status('b')).toMatchObject({ reason: 'Evicted', message });
    expect(node.status('a')?.phase).toBe('Running');
  });

  it('counts parts of volumes that are bound for containers where they are, not again', async () => {
    const outside = node.path('outside');
    mkdirSync(outside);
    writeFileSync(join(outside, 'data'), Buffer.alloc(2 * mi, 'x'));
    const volumes = [
      { name: 'scratch', emptyDir: { sizeLimit: '1Mi' } },
      { name: 'outside', hostPath: { path: outside } },
    ];
    const volumeMounts = [
      { name: 'scratch', mountPath: '/a', subPath: 'part' },
      { name: 'scratch', mountPath: '/b', subPath: 'part' },
      { name: 'outside', mountPath: '/c', subPath: 'data' },
    ];
    const limits = { 'ephemeral-storage': '1Mi' };
    for (const name of ['a', 'b']) {
      node.pods.set(podOf(name, { volumes }, { volumeMounts, resources: { limits } }));
      await node.running(name);
      const part = node.path('pods', `uid-${name}`, 'volumes', 'emptyDir', 'scratch', 'part');
      writeFileSync(join(part, 'data'), Buffer.alloc(name === 'a' ? 600 * 1024 : 2 * mi, 'x'));
    }
    const seen = node.path('pods', 'uid-a', 'volume-subpaths', 'scratch', 'c', '1', 'data');
    expect(statSync(seen).size).toBe(600 * 1024);
    await node.clock.advance(30_000);
    await node.until('the one that is too large is evicted', () => node.status('b')?.phase === 'Failed');
    expect(node.status('a')?.phase).toBe('Running');
    for (const name of ['a', 'b']) node.delete(name);
    await node.until('all is unmounted', () => node.clean());
  });
});
