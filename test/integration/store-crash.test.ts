import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { seededRandom } from '../../libs/base/random.ts';
import type { Entry } from '../../libs/store/store.ts';
import { openEmbeddedStore } from '../../libs/store-embedded/embedded-store.ts';

const root = join(import.meta.dirname, '../..');
const kills = 50;

interface Acknowledged {
  turn: number;
  revision: number;
}

describe('the embedded store under SIGKILL', () => {
  let directory: string;
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'berth-crash-'));
    symlinkSync(join(root, 'node_modules'), join(directory, 'node_modules'));
    symlinkSync(join(root, 'package.json'), join(directory, 'package.json'));
    // Only what this test runs must be sound: the build goes on whatever else is being worked on.
    spawnSync(join(root, 'node_modules/.bin/tsc'), ['-p', 'tsconfig.build.json', '--outDir', join(directory, 'dist')], {
      cwd: root,
      stdio: 'ignore',
    });
  }, 60_000);
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  it(`keeps every acknowledged write and no half transaction through ${kills} kills`, async () => {
    const path = join(directory, 'store');
    const seed = Number(process.env.BERTH_SEED ?? 20_261_121);
    const random = seededRandom(seed);
    const acknowledged = new Map<number, Acknowledged>();
    let writes = 0;
    for (let kill = 0; kill < kills; kill++) {
      writes += await writeUntilKilled(join(directory, 'dist'), path, 5 + random.next() * 150, acknowledged);
      await check(path, acknowledged, `seed ${seed}, kill ${kill}`);
    }
    expect(writes).toBeGreaterThan(kills);
  }, 180_000);
});

/** Lets a child write for some time after its first acknowledgement, then kills it. Returns the acknowledgements. */
function writeUntilKilled(
  dist: string,
  path: string,
  aliveMs: number,
  acknowledged: Map<number, Acknowledged>,
): Promise<number> {
  const child = spawn(process.execPath, [join(dist, 'test/support/crash-writer.js'), path], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let rest = '';
  let count = 0;
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) =>
      code === null ? resolve(count) : reject(new Error(`the writer ended with ${code}`)),
    );
    child.stdout.once('data', () => setTimeout(() => child.kill('SIGKILL'), aliveMs));
    child.stdout.on('data', (chunk: Buffer) => {
      const lines = (rest + chunk.toString()).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        const [lane = 0, turn = 0, revision = 0] = line.split(' ').map(Number);
        acknowledged.set(lane, { turn, revision });
        count++;
      }
    });
  });
}

function turnOf(entry: Entry | undefined): number {
  const [, turn] = Buffer.from(entry?.value ?? '')
    .toString()
    .split(':');
  return Number(turn);
}

async function check(path: string, acknowledged: Map<number, Acknowledged>, when: string): Promise<void> {
  const store = openEmbeddedStore({ path });
  try {
    const { revision } = await store.status();
    for (const [lane, last] of acknowledged) {
      const one = await store.get(`/crash/${lane}/one`);
      const other = await store.get(`/crash/${lane}/other`);
      const [turn, turnOfOther] = [one, other].map((entry) => turnOf(entry)) as [number, number];
      const isHalf = turn !== turnOfOther || one!.revision >= other!.revision;
      // One more than was acknowledged may have reached the disk before its answer was read.
      const isKept = turn === last.turn || turn === last.turn + 1;
      expect({ when, lane, turn, last: last.turn, isKept, isHalf }).toMatchObject({ isKept: true, isHalf: false });
      expect(one!.revision).toBeGreaterThanOrEqual(last.revision);
      expect(revision).toBeGreaterThanOrEqual(one!.revision);
      // What is on disk counts from now on, acknowledged or not.
      acknowledged.set(lane, { turn, revision: one!.revision });
    }
  } finally {
    await store.close();
  }
}
