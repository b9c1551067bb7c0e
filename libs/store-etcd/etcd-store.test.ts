import { jest } from '@jest/globals';
import { type EtcdServer, startEtcd } from '../../test/support/etcd-server.ts';
import { describeStore } from '../store/conformance.ts';
import { openEtcdStore } from './etcd-store.ts';

jest.setTimeout(60_000);

describeStore('etcd', async () => {
  const server: EtcdServer = await startEtcd();
  return {
    open: async () => openEtcdStore({ endpoints: [server.url], keyPrefix: '/berth-test' }),
    dispose: () => server.dispose(),
  };
});
