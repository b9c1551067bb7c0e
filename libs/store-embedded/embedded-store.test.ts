import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeStore } from '../store/conformance.ts';
import { openEmbeddedStore } from './embedded-store.ts';

describeStore('the embedded store', async () => {
  const path = mkdtempSync(join(tmpdir(), 'berth-store-'));
  return {
    open: async () => openEmbeddedStore({ path }),
    dispose: async () => rmSync(path, { recursive: true, force: true }),
  };
});
