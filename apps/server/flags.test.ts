import { parseServerFlags, UsageError } from './flags.ts';

describe('parseServerFlags', () => {
  it('has defaults for a cluster of many machines', () => {
    expect(parseServerFlags([], { BERTH_HOME: '/h' })).toMatchObject({
      home: '/h',
      port: 6443,
      store: 'embedded',
      podCidr: '10.244.0.0/16',
      serviceCidr: '10.96.0.0/16',
      localNodes: [],
      names: [],
    });
  });

  it('reads what `berth up` passes', () => {
    const argv = ['--port', '7000', '--local-nodes', 'node-1,node-2', '--bridge', 'b', '--name', 'x', '--name', 'y'];
    expect(parseServerFlags(argv, {})).toMatchObject({
      port: 7000,
      localNodes: ['node-1', 'node-2'],
      bridge: 'b',
      names: ['x', 'y'],
    });
  });

  it('reads which controllers shall not run, and where the scheduler has its profiles from', () => {
    const argv = ['--controllers', '*,-node-lifecycle,-podgc', '--config', 'p.yaml'];
    expect(parseServerFlags(argv, {})).toMatchObject({
      disabledControllers: ['node-lifecycle', 'podgc'],
      schedulerConfig: 'p.yaml',
    });
    expect(parseServerFlags([], {}).disabledControllers).toEqual([]);
  });

  it('shares keys with those who share the store', () => {
    const argv = ['--store', 'etcd=http://127.0.0.1:2379', '--cluster-secret-file', 'secret'];
    expect(parseServerFlags(argv, {}).clusterSecretFile).toBe('secret');
  });

  it.each([
    [['--controllers', 'podgc']],
    [['--controllers', '*,podgc']],
    [['--port', 'http']],
    [['--port', '65535']],
    [['--port', '']],
    [['--store', 'paper']],
    [['--service-cidr', '10.96.0.0']],
    [['--bogus']],
    [['stray']],
    [['--audit-log-path', '-']],
    [['--cluster-secret-file', 'secret']],
  ])('refuses %j', (argv) => expect(() => parseServerFlags(argv, {})).toThrow(UsageError));
});
