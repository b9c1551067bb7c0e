import { openEmbeddedStore } from '../../libs/store-embedded/embedded-store.ts';

/**
 * Writes as fast as it can until it is killed, and tells each acknowledged transaction on standard output as
 * `LANE TURN REVISION`, the revision being that of the first write. Each transaction writes two keys, which must stand or fall together, and guards the first.
 */
const lanes = 32;
const value = (lane: number, turn: number) => Buffer.from(`${lane}:${turn}:${'x'.repeat(400)}`);

async function main(path: string): Promise<void> {
  const store = openEmbeddedStore({ path });
  const lane = async (number: number) => {
    const [one, other] = [`/crash/${number}/one`, `/crash/${number}/other`];
    const before = await store.get(one);
    let revision = before?.revision ?? 0;
    let turn = before === undefined ? 0 : Number(Buffer.from(before.value).toString().split(':')[1]) + 1;
    for (; ; turn++) {
      const bytes = value(number, turn);
      const { writeRevisions } = await store.commit({
        guards: [{ key: one, revision }],
        writes: [
          { key: one, value: bytes },
          { key: other, value: bytes },
        ],
      });
      revision = writeRevisions[0]!;
      process.stdout.write(`${number} ${turn} ${revision}\n`);
    }
  };
  const compacting = (async () => {
    for (;;) {
      await new Promise((resolve) => setTimeout(resolve, 40));
      const { revision } = await store.status();
      await store.compact(Math.max(0, revision - 500));
    }
  })();
  await Promise.all([compacting, ...Array.from({ length: lanes }, (_, number) => lane(number))]);
}

await main(process.argv[2] ?? '');
