import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { homeAt, homeFrom, loadConfig, makeHome, saveConfig } from './home.ts';
import { lockHome } from './home-lock.ts';
import { nodeLayout } from './layout.ts';
import { clusterIdOf, clusterNames, nodeNames } from './names.ts';
import { chooseRanges, nodesMax } from './ranges.ts';

const cluster = clusterNames('0123abcd');
const ranges = chooseRanges([]);
describe('names', () => {
  it('keeps interface names within 15 bytes', () => {
    expect(cluster.bridge.length).toBeLessThanOrEqual(15);
    expect(nodeNames('0123abcd', nodesMax).hostLink.length).toBeLessThanOrEqual(15);
  });
  it('keeps sockets within 107 bytes', () => {
    const { containerdSocket } = nodeLayout('/h', nodeNames('0123abcd', nodesMax).runDirectory);
    expect(containerdSocket.length).toBeLessThanOrEqual(107);
  });
  it('tells homes apart', () => {
    expect(clusterIdOf('/a')).not.toBe(clusterIdOf('/b'));
    expect(clusterIdOf('/a/')).toBe(clusterIdOf('/a'));
  });
});

describe('home', () => {
  const path = mkdtempSync(join(tmpdir(), 'berth-home-'));
  const home = homeAt(join(path, 'h'));
  afterAll(() => rmSync(path, { recursive: true }));

  it('comes from the environment', () => {
    expect(homeFrom({ BERTH_HOME: '/x' }).kubeconfig).toBe('/x/kubeconfig');
    expect(homeFrom({}).path).toMatch(/\.berth$/);
  });

  it('remembers its configuration', async () => {
    await makeHome(home);
    expect(await loadConfig(home)).toBeUndefined();
    const config = { port: 1, nodes: 3, ranges, store: 'embedded' };
    await saveConfig(home, config);
    expect(await loadConfig(home)).toEqual(config);
  });

  it('lets one process in at a time, and takes over from a dead one', async () => {
    const lock = await lockHome(home.upLock);
    await expect(lockHome(home.upLock)).rejects.toThrow(`another process (${process.pid})`);
    await lock.release();
    const again = await lockHome(home.upLock);
    await again.release();
  });
});
