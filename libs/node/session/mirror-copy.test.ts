import { LinkBench, podAt, type ServerBody } from '../../../test/support/link-bench.ts';
import type { V1Pod } from '../../api/gen/types.ts';
import { encodeJson } from '../../wire/json.ts';

let bench: LinkBench;

beforeEach(() => {
  bench = new LinkBench();
});
afterEach(() => bench.link.close());

const change = (object: V1Pod) => ({ key: `default/${object.metadata?.name}`, object: encodeJson(object) });
const changes = (resource: string, list: V1Pod[], synced: boolean): ServerBody => ({
  $case: 'changes',
  value: { resource, changes: list.map(change), synced },
});
describe('mirrors', () => {
  it('show nothing until they are complete, then everything at once', () => {
    const seen: string[][] = [];
    bench.link.mirror('pods').subscribe((batch) => seen.push(batch.map((entry) => entry.key)));
    bench.begin();
    bench.last.say(changes('pods', [podAt('a', '1')], false));
    expect([bench.link.mirror('pods').synced, bench.link.mirror('pods').list(), seen]).toEqual([false, [], []]);
    bench.last.say(changes('pods', [podAt('b', '2')], true));
    expect(seen).toEqual([['default/a', 'default/b']]);
  });

  it('tell what they hold when they resume, and keep it meanwhile', async () => {
    bench.begin();
    bench.last.say(changes('pods', [podAt('a', '1'), podAt('b', '2')], true));
    bench.last.break();
    expect(bench.link.mirror('pods').list()).toHaveLength(2);
    await bench.clock.advance(200);
    const known = bench.last.of('hello')[0]!.known.find((collection) => collection.resource === 'pods');
    expect(known?.versions).toEqual({ 'default/a': '1', 'default/b': '2' });
    bench.last.welcome();
    bench.last.say({
      $case: 'changes',
      value: { resource: 'pods', changes: [{ key: 'default/a', object: undefined }], synced: true },
    });
    expect(
      bench.link
        .mirror('pods')
        .list()
        .map((object) => object.metadata?.name),
    ).toEqual(['b']);
  });

  it('tell a replacement under the same name as a removal and an arrival', () => {
    bench.begin();
    bench.last.say(changes('pods', [podAt('a', '1', 'old')], true));
    const seen: Array<string | undefined> = [];
    bench.link.mirror('pods').subscribe((batch) => seen.push(...batch.map((entry) => entry.object?.metadata?.uid)));
    bench.last.say(changes('pods', [podAt('a', '2', 'new')], true));
    expect(seen).toEqual(['old', undefined, 'new']);
  });
});
