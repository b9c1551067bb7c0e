// Starts the cluster that the end-to-end tests share, unless BERTH_E2E_HOME names one that runs already.
import { execFileSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';

export const berth = join(import.meta.dirname, '../../dist/apps/cli/main.js');

export default function setup() {
  if (process.env.BERTH_E2E_HOME) return;
  const home = mkdtempSync('/var/tmp/berth-e2e-');
  process.env.BERTH_E2E_HOME = home;
  process.env.BERTH_E2E_OWNED = 'yes';
  const started = performance.now();
  execFileSync(process.execPath, [berth, 'up', '--detach', '--nodes', '3', '--port', '16443'], {
    env: { ...process.env, BERTH_HOME: home, NODE_OPTIONS: '' },
    stdio: ['ignore', 'ignore', 'inherit'],
    timeout: 120_000,
  });
  console.error(`cluster up in ${((performance.now() - started) / 1000).toFixed(1)} s`);
}
