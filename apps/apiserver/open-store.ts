import type { Store } from '../../libs/store/store.ts';

/**
 * Opens the store that `--store` names: `embedded`, or `etcd=URL[,URL]`. Only the engine that is used is loaded: the
 * other would cost time at each start and memory for as long as the process runs.
 */
export async function openStore(choice: string, path: string): Promise<{ store: Store; shared: boolean }> {
  if (choice === 'embedded') {
    const { openEmbeddedStore } = await import('../../libs/store-embedded/embedded-store.ts');
    return { store: openEmbeddedStore({ path }), shared: false };
  }
  const hosts = /^etcd=(.+)$/.exec(choice)?.[1];
  if (!hosts) throw new Error(`--store must be "embedded" or "etcd=URL[,URL]", not "${choice}"`);
  const [{ openEtcdStore }, { parseEtcdUrls }] = await Promise.all([
    import('../../libs/store-etcd/etcd-store.ts'),
    import('../../libs/store-etcd/url.ts'),
  ]);
  return { store: openEtcdStore(parseEtcdUrls(hosts)), shared: true };
}
