import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { type Command, say, UsageError } from '../command.ts';
import { applyObject } from '../objects/apply-object.ts';
import { commonOptions, withApi } from '../objects/connection.ts';
import { type Manifest, readManifests } from '../objects/manifests.ts';

export const apply: Command = {
  usage: `berth apply -f FILE: creates or changes objects as a manifest says ("-" reads standard input)

  -f, --filename FILE         may be given several times
  -n, --namespace NAMESPACE   for manifests that name none (default)
  --dry-run                   only ask the server what it would do
  --force                     take over fields that others own
`,
  async run(argv) {
    const { values } = parseArgs({
      args: [...argv],
      options: {
        ...commonOptions,
        filename: { type: 'string', short: 'f', multiple: true },
        'dry-run': { type: 'boolean', default: false },
        force: { type: 'boolean', default: false },
      },
    });
    if (!values.filename) throw new UsageError('berth apply needs -f FILE');
    const manifests = (await Promise.all(values.filename.map((file) => readSource(file)))).flat();
    const options = { namespace: values.namespace, force: values.force, dryRun: values['dry-run'] };
    return withApi(async (api, kinds) => {
      for (const manifest of manifests) say(await applyObject(api, kinds, { manifest, ...options }));
      return 0;
    });
  },
};

/** The manifests of a file, or of standard input for `-`. @throws CliError */
export async function readSource(file: string): Promise<Manifest[]> {
  if (file !== '-') return readManifests(await readFile(file, 'utf8'), file);
  const parts: Buffer[] = [];
  for await (const part of process.stdin) parts.push(part as Buffer);
  return readManifests(Buffer.concat(parts).toString('utf8'), 'standard input');
}
