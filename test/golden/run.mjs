// node test/golden/run.mjs [--area NAME,NAME] [--id TEXT] [--show 20]   builds, then replays the recorded exchanges
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../..');
const run = (...command) => spawnSync(command[0], command.slice(1), { cwd: root, stdio: 'inherit' }).status ?? 1;
const built = run(join(root, 'node_modules/.bin/tsc'), '-p', 'tsconfig.build.json');
process.exitCode = built || run(process.execPath, 'dist/test/golden/main.js', ...process.argv.slice(2));
