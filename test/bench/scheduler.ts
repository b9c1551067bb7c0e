import { compareRecords, runCore } from './scheduler-core.ts';
import { runEndToEnd } from './scheduler-end-to-end.ts';

/** npm run bench -- scheduler [core|records|end-to-end|all [SHAPE [embedded|etcd]]] */
async function main([part = 'all', shape, store]: readonly string[]): Promise<void> {
  if (part === 'records') return compareRecords(shape);
  if (part !== 'end-to-end') runCore(shape);
  if (part !== 'core') await runEndToEnd(shape, store === undefined ? ['embedded', 'etcd'] : [store]);
}

await main(process.argv.slice(2));
