// Writes libs/wire/gen from proto/berth and proto/grpc, with plugins of the tree's own: no network is used.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../..');
execFileSync('node_modules/.bin/buf', ['generate', '--template', 'proto/buf.gen.yaml'], {
  cwd: root,
  stdio: 'inherit',
});
