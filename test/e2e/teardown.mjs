// Takes the shared cluster down and makes sure that nothing of it stays on the machine.
import { execFileSync } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { berth } from './setup.mjs';

export default function teardown() {
  const home = process.env.BERTH_E2E_HOME;
  if (!home || process.env.BERTH_E2E_OWNED !== 'yes') return;
  execFileSync(process.execPath, [berth, 'down', '--purge'], {
    env: { ...process.env, BERTH_HOME: home, NODE_OPTIONS: '' },
    stdio: ['ignore', 'ignore', 'inherit'],
    timeout: 120_000,
  });
  if (existsSync(home)) rmSync(home, { recursive: true });
}
