import { readFile } from 'node:fs/promises';
import type { Clock } from '../../libs/base/clock.ts';
import type { Home } from '../../libs/provision/home.ts';
import { Api, until } from './api.ts';
import { CliError } from './command.ts';
import type { Progress } from './progress.ts';

interface Manifest {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string };
}

interface DeploymentObject {
  metadata: { generation?: number };
  spec: { replicas?: number };
  status?: { observedGeneration?: number; updatedReplicas?: number; availableReplicas?: number; replicas?: number };
}

interface ResourceList {
  resources?: Array<{ name: string; kind: string; namespaced: boolean }>;
}

const rolloutMs = 120_000;

/** Creates or changes what a manifest says and waits until its Deployments are rolled out. */
export async function applyManifest(
  home: Home,
  file: string,
  run: { progress: Progress; signal: AbortSignal; clock: Clock },
): Promise<void> {
  const objects = await readManifests(await readFile(file, 'utf8'), file);
  const api = await Api.from(home.kubeconfig);
  try {
    await run.progress.step(`applied ${file}`, async () => {
      for (const object of objects) await applyObject(api, object);
    });
    for (const object of objects.filter((one) => one.kind === 'Deployment')) {
      await run.progress.step(`deployment/${object.metadata.name} rolled out`, async () => {
        const path = await pathOf(api, object);
        await until(run.clock, { forWhat: path, timeoutMs: rolloutMs, signal: run.signal }, async () => {
          const deployment = (await api.ask('GET', path)) as unknown as DeploymentObject;
          return isRolledOut(deployment) ? true : undefined;
        });
      });
    }
  } finally {
    api.close();
  }
}

/** Whether every replica is of the newest revision and available, and none of an older one is left. */
export function isRolledOut({ metadata, spec, status = {} }: DeploymentObject): boolean {
  const wanted = spec.replicas ?? 1;
  return (
    (status.observedGeneration ?? 0) >= (metadata.generation ?? 0) &&
    (status.updatedReplicas ?? 0) >= wanted &&
    (status.availableReplicas ?? 0) >= wanted &&
    (status.replicas ?? 0) <= wanted
  );
}

/** The objects of a YAML or JSON text of one or more documents. @throws CliError that names the file and line */
export async function readManifests(text: string, file: string): Promise<Manifest[]> {
  const { parseAllDocuments } = await import('yaml');
  const documents = parseAllDocuments(text);
  const objects: Manifest[] = [];
  for (const document of 'empty' in documents ? [] : documents) {
    const [error] = document.errors;
    if (error !== undefined) throw new CliError(`${file}: ${error.message}`);
    const object = document.toJS() as Manifest | null;
    if (object === null) continue;
    if (!object.apiVersion || !object.kind || !object.metadata?.name) {
      throw new CliError(`${file}: an object needs apiVersion, kind and metadata.name`);
    }
    objects.push(object);
  }
  return objects;
}

async function applyObject(api: Api, object: Manifest): Promise<void> {
  const path = await pathOf(api, object);
  const created = await api.send('POST', path.slice(0, path.lastIndexOf('/')), object);
  if (created.code < 300) return;
  const answer = created.code === 409 ? await api.send('PATCH', path, object, 'application/merge-patch+json') : created;
  if (answer.code >= 300) throw new CliError(`${object.kind} ${object.metadata.name}: ${answer.body.message}`);
}

/** The path of an object, by asking the server which resource its kind is. */
async function pathOf(api: Api, object: Manifest): Promise<string> {
  const root = object.apiVersion.includes('/') ? `/apis/${object.apiVersion}` : `/api/${object.apiVersion}`;
  const { resources = [] } = (await api.ask('GET', root)) as ResourceList;
  const resource = resources.find((one) => one.kind === object.kind && !one.name.includes('/'));
  if (resource === undefined) throw new CliError(`the server knows no ${object.kind} in ${object.apiVersion}`);
  const scope = resource.namespaced ? `/namespaces/${object.metadata.namespace ?? 'default'}` : '';
  return `${root}${scope}/${resource.name}/${object.metadata.name}`;
}
