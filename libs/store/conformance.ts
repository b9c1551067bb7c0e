import { afterEach, beforeEach, describe } from '@jest/globals';
import { describeCompaction, describeReopening } from './conformance/history.ts';
import { describeLists } from './conformance/lists.ts';
import { describeNeighbours } from './conformance/neighbours.ts';
import { describePast, describeRevisions } from './conformance/revisions.ts';
import { describeGuards, describeTransactions } from './conformance/transactions.ts';
import { describeWatches } from './conformance/watches.ts';
import type { Store } from './store.ts';

/** A backend under test. Each `open` within one fixture opens the same data. */
export interface StoreFixture {
  open(): Promise<Store>;
  dispose(): Promise<void>;
}

/** What every backend must do; called once in the tests of each. */
export function describeStore(name: string, makeFixture: () => Promise<StoreFixture>): void {
  describe(`store semantics on ${name}`, () => {
    let fixture: StoreFixture;
    let store: Store;
    beforeEach(async () => {
      fixture = await makeFixture();
      store = await fixture.open();
    });
    afterEach(async () => {
      await store.close();
      await fixture.dispose();
    });
    describeTransactions(() => store);
    describeGuards(() => store);
    describeLists(() => store);
    describeWatches(() => store);
    describeRevisions(() => store);
    describePast(() => store);
    describeNeighbours(() => store);
    describeCompaction(() => store);
    describeReopening(
      () => store,
      async () => {
        await store.close();
        store = await fixture.open();
      },
    );
  });
}
