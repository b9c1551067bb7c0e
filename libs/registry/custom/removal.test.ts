import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FakeClock } from '../../../test/support/fake-clock.ts';
import { asks, bodyOf, deletes, openScratchRegistry, type ScratchRegistry } from '../../../test/support/registry.ts';
import { until } from '../../../test/support/until.ts';
import { silentLogger } from '../../base/log.ts';
import { StatusError } from '../../base/status.ts';
import { CompactedError, type Store } from '../../store/store.ts';
import { openEmbeddedStore } from '../../store-embedded/embedded-store.ts';
import { CustomResources } from './serve.ts';

const crdPath = 'apiextensions.k8s.io/v1/customresourcedefinitions';
const widgetPath = 'example.org/v1/widgets';
const name = 'widgets.example.org';

const definition = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name },
  spec: {
    group: 'example.org',
    names: { plural: 'widgets', singular: 'widget', kind: 'Widget', listKind: 'WidgetList' },
    scope: 'Namespaced',
    conversion: { strategy: 'None' },
    versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }],
  },
};
const widget = { apiVersion: 'example.org/v1', kind: 'Widget', metadata: { name: 'a', finalizers: ['a.b/held'] } };

/** A store whose watches can be told that their history is gone. */
function forgetful(store: Store): { store: Store; forget(): void } {
  let forgotten: (error: Error) => void = () => {};
  const watch: Store['watch'] = async function* (prefix, options) {
    const batches = store.watch(prefix, options)[Symbol.asyncIterator]();
    const loss = new Promise<never>((_, reject) => {
      forgotten = reject;
    });
    loss.catch(() => {});
    for (;;) {
      const next = await Promise.race([batches.next(), loss]);
      if (next.done) return;
      yield next.value;
    }
  };
  const others = {
    get: store.get.bind(store),
    list: store.list.bind(store),
    commit: store.commit.bind(store),
    compact: store.compact.bind(store),
    status: store.status.bind(store),
    close: store.close.bind(store),
  };
  return { store: { ...others, watch }, forget: () => forgotten(new CompactedError(1, 2)) };
}

describe('a definition that waits for the last of its instances', () => {
  const clock = new FakeClock();
  let path: string;
  let scratch: ScratchRegistry;
  let stopper: AbortController;
  let forget: () => void;
  let close: () => Promise<void>;
  let warnings: string[];

  beforeEach(async () => {
    path = mkdtempSync(join(tmpdir(), 'removal-'));
    const store = openEmbeddedStore({ path });
    const shared = forgetful(store);
    scratch = await openScratchRegistry({ sharedStore: shared.store });
    stopper = new AbortController();
    warnings = [];
    const logger = { ...silentLogger, warn: (message: string) => void warnings.push(message) };
    const { registry } = scratch;
    const custom = new CustomResources({ registry, clock, logger, stopping: stopper.signal });
    custom.start();
    forget = shared.forget;
    close = () => store.close();
    await scratch.service(crdPath).create({}, bodyOf(definition), asks({ user: { name: 'bob', groups: [] } }));
    await scratch.service(widgetPath).create({ namespace: 'x' }, bodyOf(widget), asks());
    await scratch.service(crdPath).delete({ name }, { ...deletes() });
    await custom.settled();
  });

  afterEach(async () => {
    await scratch.close();
    await close();
    rmSync(path, { recursive: true });
  });

  const releaseWidget = () => {
    const body = { metadata: { finalizers: [] } };
    const patch = { ...asks(), type: 'merge' as const, body, complaints: [], force: false };
    return scratch.service(widgetPath).patch({ namespace: 'x', name: 'a' }, patch);
  };
  const definitions = () => scratch.mirror.collection('apiextensions.k8s.io', 'customresourcedefinitions');

  it('goes with it although all was listed anew meanwhile', async () => {
    const before = definitions().floorRevision;
    forget();
    await until(() => definitions().floorRevision > before && definitions().size === 1);
    await releaseWidget();
    await until(() => definitions().size === 0);
  });

  it('is left to the next server once this one stops', async () => {
    let tries = 0;
    scratch.service(crdPath).patch = () => {
      tries++;
      return Promise.reject(new StatusError('ServiceUnavailable', 'the store is away'));
    };
    await releaseWidget();
    await until(() => clock.timers > 0);
    const done = [tries, warnings.length];
    stopper.abort();
    expect(clock.timers).toBe(0);
    await clock.advance(3_600_000);
    expect([tries, warnings.length]).toEqual(done);
  });
});
