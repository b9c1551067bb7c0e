// Runs every generator of the tree, one after another: files named generate-*.mjs under libs/, apps/ and test/.
// `npm run generate` writes; `npm run generate -- --check` fails when what is committed differs from what is written.
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../..');
const run = (program, args) => execFileSync(program, args, { cwd: root, stdio: 'inherit' });
const generatorsUnder = (folder) =>
  readdirSync(join(root, folder), { recursive: true })
    .filter((path) => /(^|\/)generate-[\w-]+\.mjs$/.test(path))
    .map((path) => join(folder, path));

for (const generator of ['libs', 'apps', 'test'].flatMap(generatorsUnder).sort()) run(process.execPath, [generator]);
if (process.argv.includes('--check')) run('git', ['diff', '--exit-code', '--stat', '--', '*/gen/*', 'ARCHITECTURE.md']);
