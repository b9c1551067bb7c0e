// npm run bench -- NAME [argument ...]   builds, then runs test/bench/NAME.ts
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../..');
const notBenches = /^(cluster|measure|control-plane|processor-time|pod-start-.*|scheduler-.*|packing-.*|api-.*)$/;
const [name, ...args] = process.argv.slice(2);
const file = join(root, 'dist/test/bench', `${name}.js`);

const build = spawnSync(join(root, 'node_modules/.bin/tsc'), ['-p', 'tsconfig.build.json'], {
  cwd: root,
  stdio: ['ignore', 'inherit', 'inherit'],
});
if (build.status !== 0) process.exit(build.status ?? 1);
if (name === undefined || !existsSync(file)) {
  const names = readdirSync(join(root, 'test/bench'))
    .filter((entry) => entry.endsWith('.ts'))
    .map((entry) => entry.slice(0, -3))
    .filter((entry) => !notBenches.test(entry));
  process.stderr.write(`usage: npm run bench -- NAME, where NAME is one of: ${names.sort().join(', ')}\n`);
  process.exit(2);
}
const run = spawnSync(process.execPath, ['--expose-gc', file, ...args], { cwd: root, stdio: 'inherit' });
process.exit(run.status ?? 1);
