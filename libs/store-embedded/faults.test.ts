import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { put } from '../store/conformance/follower.ts';
import { StoreUnavailableError } from '../store/store.ts';
import { openEmbeddedStore } from './embedded-store.ts';

describe('the embedded store in trouble', () => {
  let path: string;
  beforeEach(() => {
    path = mkdtempSync(join(tmpdir(), 'berth-store-'));
  });
  afterEach(() => rmSync(path, { recursive: true, force: true }));

  /** With a file system of 8 MiB, and without what lmdb itself says of one that is full. */
  const onSmallDisk = async (run: (disk: string) => Promise<void>) => {
    const disk = join(path, 'disk');
    execFileSync('mkdir', [disk]);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', disk]);
    const complaints = silencedConsole();
    try {
      await run(disk);
    } finally {
      complaints.restore();
      execFileSync('umount', ['-l', disk]);
    }
  };

  it('refuses a directory that a living process owns, and takes over from a dead one', async () => {
    const store = openEmbeddedStore({ path });
    expect(() => openEmbeddedStore({ path })).toThrow(StoreUnavailableError);
    await store.close();
    // This process's id, but another start time: an owner that has died and whose id was given away.
    writeFileSync(join(path, 'owner'), `${process.pid} 1 1`);
    await openEmbeddedStore({ path }).close();
  });

  it('says what is wrong with its directory', () => {
    writeFileSync(join(path, 'file'), '');
    expect(() => openEmbeddedStore({ path: join(path, 'file') })).toThrow(StoreUnavailableError);
  });

  it('takes back a batch that finds no room on the disk, and works on once there is room', async () => {
    await onSmallDisk(async (disk) => {
      const store = openEmbeddedStore({ path: join(disk, 'store') });
      let written = 0;
      const fill = async () => {
        for (; written < 400; written++) await put(store, `/k/${written}`, Buffer.alloc(50_000, 1));
      };
      await expect(fill()).rejects.toThrow(StoreUnavailableError);
      expect(written).toBeGreaterThan(50);
      const { revision } = await store.status();
      expect(revision).toBe(written);
      expect((await store.list('/k/')).entries).toHaveLength(written);
      execFileSync('mount', ['-o', 'remount,size=32m', disk]);
      expect(await put(store, '/k/after', 'x')).toBe(written + 1);
      await store.close();
      const again = openEmbeddedStore({ path: join(disk, 'store') });
      expect((await again.list('/k/')).entries).toHaveLength(written + 1);
      await again.close();
    });
  });

  it('closes while the disk is full, and has all that was acknowledged when it opens again', async () => {
    await onSmallDisk(async (disk) => {
      const store = openEmbeddedStore({ path: join(disk, 'store') });
      let written = 0;
      const fill = async () => {
        for (; ; written++) await put(store, `/k/${written}`, Buffer.alloc(50_000, 1));
      };
      await expect(fill()).rejects.toThrow(StoreUnavailableError);
      await store.close();
      const again = openEmbeddedStore({ path: join(disk, 'store') });
      expect((await again.list('/k/')).entries).toHaveLength(written);
      await again.close();
    });
  });

  it('gives the room of old versions back', async () => {
    const store = openEmbeddedStore({ path });
    const churn = async () => {
      for (let at = 0; at < 200; at++) await put(store, `/k/${at % 10}`, Buffer.alloc(20_000, at));
      await store.compact((await store.status()).revision);
    };
    await churn();
    const { size } = statSync(join(path, 'data.mdb'));
    for (let round = 0; round < 4; round++) await churn();
    expect(statSync(join(path, 'data.mdb')).size).toBeLessThan(size * 2);
    await store.close();
  }, 30_000);
});

/** The database library writes a failed commit to the console besides rejecting. */
function silencedConsole(): { restore(): void } {
  const { error } = console;
  console.error = () => {};
  return {
    restore() {
      console.error = error;
    },
  };
}
