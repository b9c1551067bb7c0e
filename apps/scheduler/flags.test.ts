import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UsageError } from '../../libs/component/flags.ts';
import { parseFlags } from './flags.ts';

describe('the flags of the scheduler', () => {
  const folder = mkdtempSync(join(tmpdir(), 'berth-flags-'));
  let files = 0;
  const file = (text: string) => {
    const path = join(folder, `${files++}.yaml`);
    writeFileSync(path, text);
    return path;
  };
  const parse = (...argv: string[]) => parseFlags(argv, { KUBECONFIG: 'k' }).profiles.map((each) => each.schedulerName);
  const head = 'apiVersion: kubescheduler.config.k8s.io/v1\nkind: KubeSchedulerConfiguration\n';
  afterAll(() => rmSync(folder, { recursive: true }));

  it('name the profiles', () => {
    expect(parse()).toEqual(['default-scheduler']);
    expect(parse('--scheduler-name', 'own')).toEqual(['own']);
    expect(parse('--config', file(`${head}profiles: [{}, {schedulerName: two}]`))).toEqual([
      'default-scheduler',
      'two',
    ]);
  });

  it.each([
    ['both at once', ['--config', 'x', '--scheduler-name', 'y'], /exclude each other/],
    ['a file that is not there', ['--config', '/nowhere.yaml'], /nowhere\.yaml: .*ENOENT/],
    ['a field that there is not', ['--config', file(`${head}profile: []`)], /\d\.yaml: profile: unknown field/],
  ])('refuse %s', (_name, argv, message) => {
    expect(() => parse(...argv)).toThrow(UsageError);
    expect(() => parse(...argv)).toThrow(message);
  });

  it('name a file that is no YAML', () => {
    expect(() => parse('--config', file('a: b: c'))).toThrow(/\d\.yaml: /);
  });
});
