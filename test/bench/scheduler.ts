import { compareRecords, runCore } from './scheduler-core.ts';
import { runEndToEnd } from './scheduler-end-to-end.ts';

/** npm run bench -- scheduler [core|records|end-to-end|all [SHAPE [embedded|etcd [SCALE]]]]; SCALE 0.1 makes all figures of the shape a tenth */
async function main([part = 'all', shape, store, scale]: readonly string[]): Promise<void> {
  if (part === 'records') return compareRecords(shape);
  if (part !== 'end-to-end') runCore(shape);
  if (part !== 'core')
    await runEndToEnd(shape, {
      stores: store === undefined ? ['embedded', 'etcd'] : [store],
      scale: scale === undefined ? 1 : Number(scale),
    });
}

await main(process.argv.slice(2));
