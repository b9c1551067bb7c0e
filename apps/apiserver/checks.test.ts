import { StatusError } from '../../libs/base/status.ts';
import type { Store } from '../../libs/store/store.ts';
import { type Phase, serverChecks } from './checks.ts';
import { healthAnswer } from './health.ts';

const storeThat = (status: () => Promise<unknown>) => ({ status }) as unknown as Store;
const wellStore = storeThat(async () => ({}));
const lostStore = storeThat(() => Promise.reject(new StatusError('ServiceUnavailable', 'away')));

describe('the checks of the server', () => {
  const running: Phase = { started: true, stopping: false };
  const cases: Array<[string, Store, Phase, string, number | undefined]> = [
    ['all is well', wellStore, running, '/readyz', 200],
    ['a step of the start is done', wellStore, running, '/healthz/poststarthook/rbac/bootstrap-roles', 200],
    [
      'a step of the start is not done',
      wellStore,
      { ...running, started: false },
      '/livez/autoregister-completion',
      500,
    ],
    ['not started', wellStore, { ...running, started: false }, '/readyz', 500],
    ['stopping is not ready', wellStore, { ...running, stopping: true }, '/readyz', 500],
    ['stopping is alive', wellStore, { ...running, stopping: true }, '/livez', 200],
    ['shutdown is asked of readiness only', wellStore, running, '/livez/shutdown', undefined],
    ['the store is away', lostStore, running, '/livez/etcd', 500],
    ['the store is left out', lostStore, running, '/livez?exclude=etcd', 200],
    ['the log', wellStore, running, '/livez/log', 200],
  ];
  it.each(cases)('%s', async (_, store, phase, url, code) => {
    const { pathname, searchParams } = new URL(url, 'https://server');
    const answer = await healthAnswer(pathname, searchParams, serverChecks(store, phase));
    expect(answer?.code).toBe(code);
  });
});
