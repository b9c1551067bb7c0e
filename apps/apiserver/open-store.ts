import type { Store } from '../../libs/store/store.ts';
import { openEmbeddedStore } from '../../libs/store-embedded/embedded-store.ts';
import { openEtcdStore } from '../../libs/store-etcd/etcd-store.ts';
import { parseEtcdUrls } from '../../libs/store-etcd/url.ts';

/** Opens the store that `--store` names: `embedded`, or `etcd=URL[,URL]`. */
export function openStore(choice: string, path: string): { store: Store; shared: boolean } {
  if (choice === 'embedded') return { store: openEmbeddedStore({ path }), shared: false };
  const hosts = /^etcd=(.+)$/.exec(choice)?.[1];
  if (!hosts) throw new Error(`--store must be "embedded" or "etcd=URL[,URL]", not "${choice}"`);
  return { store: openEtcdStore(parseEtcdUrls(hosts)), shared: true };
}
