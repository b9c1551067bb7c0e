// Writes libs/runtime/cri/gen from proto/cri.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../../..');
const buf = join(root, 'node_modules/.bin/buf');
execFileSync(buf, ['generate', '--template', 'proto/cri/buf.gen.yaml'], { cwd: root, stdio: 'inherit' });
