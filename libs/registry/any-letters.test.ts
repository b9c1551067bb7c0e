import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import { startEtcd } from '../../test/support/etcd-server.ts';
import { asks, bodyOf, deletes, openScratchRegistry } from '../../test/support/registry.ts';
import type { Store } from '../store/store.ts';
import { openEmbeddedStore } from '../store-embedded/embedded-store.ts';
import { openEtcdStore } from '../store-etcd/etcd-store.ts';

jest.setTimeout(60_000);

interface Backend {
  open(): Store;
  dispose(): Promise<void> | void;
}

async function overEtcd(): Promise<Backend> {
  const server = await startEtcd();
  const open = () => openEtcdStore({ endpoints: [server.url], keyPrefix: '/c1' });
  return { open, dispose: () => server.dispose() };
}

async function embedded(): Promise<Backend> {
  const path = mkdtempSync(join(tmpdir(), 'any-letters-'));
  return { open: () => openEmbeddedStore({ path }), dispose: () => rmSync(path, { recursive: true }) };
}

/** Names of roles, and of what is like them, may hold any letter but for '/' and '%'. */
describe.each([
  ['the embedded store', embedded],
  ['etcd', overEtcd],
])('roles with names in any letters over %s', (_name, make) => {
  const clusterRoles = 'rbac.authorization.k8s.io/v1/clusterroles';
  const roleOf = (name: string) =>
    bodyOf({ apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', metadata: { name }, rules: [] });

  it('are made, read, listed, watched and removed, apart from those that look alike', async () => {
    const backend = await make();
    const names = ['cfoo', 'rôle-ţ', 'ţfoo'];
    let store = backend.open();
    let scratch = await openScratchRegistry({ sharedStore: store });
    const seen: string[] = [];
    const listener = {
      event: (type: string, { key }: { key: string }) => void seen.push(`${type} ${key}`),
      initial() {},
      bookmark() {},
      failed() {},
    };
    const watch = await scratch.service(clusterRoles).watch({}, listener);
    for (const name of names) await scratch.service(clusterRoles).create({}, roleOf(name), asks());
    const again = scratch.service(clusterRoles).create({}, roleOf('rôle-ţ'), asks());
    await expect(again).rejects.toMatchObject({ reason: 'AlreadyExists' });
    await scratch.close();
    await store.close();

    store = backend.open();
    scratch = await openScratchRegistry({ sharedStore: store });
    const roles = scratch.service(clusterRoles);
    const { documents } = await roles.list({});
    expect(documents.map(({ object }) => object.metadata?.name)).toEqual(names);
    const one = await roles.list({ limit: 2 });
    const rest = await roles.list({ limit: 2, continue: one.continue });
    expect(rest.documents.map(({ object }) => object.metadata?.name)).toEqual(['ţfoo']);
    await roles.delete({ name: 'ţfoo' }, deletes());
    expect((await roles.get({ name: 'rôle-ţ' })).object.metadata?.name).toBe('rôle-ţ');
    expect((await roles.get({ name: 'cfoo' })).object.metadata?.name).toBe('cfoo');
    await expect(roles.get({ name: 'ţfoo' })).rejects.toMatchObject({ reason: 'NotFound' });
    expect(seen).toEqual(names.map((name) => `ADDED ${name}`));
    const half = roles.create({}, roleOf('half-\ud83d'), asks());
    await expect(half).rejects.toMatchObject({ reason: 'Invalid', message: expect.stringContaining('metadata.name') });
    watch.cancel();
    await scratch.close();
    await store.close();
    await backend.dispose();
  });
});
