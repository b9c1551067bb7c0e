import { readFile } from 'node:fs/promises';
import type { Clock } from '../../libs/base/clock.ts';
import type { Home } from '../../libs/provision/home.ts';
import { Api, until } from './api.ts';
import { applyObject } from './objects/apply-object.ts';
import { Kinds, pathOf } from './objects/kinds.ts';
import { readManifests } from './objects/manifests.ts';
import type { Progress } from './progress.ts';

interface DeploymentObject {
  metadata: { generation?: number };
  spec: { replicas?: number };
  status?: { observedGeneration?: number; updatedReplicas?: number; availableReplicas?: number; replicas?: number };
}

const rolloutMs = 120_000;

/** Creates or changes what a manifest says and waits until its Deployments are rolled out. */
export async function applyManifest(
  home: Home,
  file: string,
  run: { progress: Progress; signal: AbortSignal; clock: Clock },
): Promise<void> {
  const objects = readManifests(await readFile(file, 'utf8'), file);
  const api = await Api.from(home.kubeconfig);
  const terms = { namespace: 'default', force: true, dryRun: false };
  try {
    const kinds = await Kinds.from(api);
    await run.progress.step(`applied ${file}`, async () => {
      for (const manifest of objects) await applyObject(api, kinds, { manifest, ...terms });
    });
    for (const object of objects.filter((one) => one.kind === 'Deployment')) {
      await run.progress.step(`deployment/${object.metadata.name} rolled out`, async () => {
        const path = pathOf(kinds.of(object), object.metadata.namespace ?? terms.namespace, object.metadata.name);
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
