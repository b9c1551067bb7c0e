import {
  asPrefix,
  configKey,
  dns1035Label,
  dnsLabel,
  dnsSubdomain,
  environmentName,
  labelValue,
  type NameCheck,
  pathSegment,
  portName,
  qualifiedName,
  wildcardDnsSubdomain,
} from './names.ts';

const long = (length: number) => 'a'.repeat(length);

const cases: ReadonlyArray<readonly [name: string, check: NameCheck, value: string, complaints: number]> = [
  ['label', dnsLabel, 'a', 0],
  ['label', dnsLabel, '0-a', 0],
  ['label', dnsLabel, '', 1],
  ['label', dnsLabel, '-a', 1],
  ['label', dnsLabel, 'a.b', 1],
  ['label', dnsLabel, long(63), 0],
  ['label', dnsLabel, long(64), 1],
  ['label', dnsLabel, `${long(64)}A`, 2],
  ['subdomain', dnsSubdomain, 'a.b-c.d', 0],
  ['subdomain', dnsSubdomain, 'a..b', 1],
  ['subdomain', dnsSubdomain, 'A', 1],
  ['subdomain', dnsSubdomain, long(254), 1],
  ['name of a service', dns1035Label, '0a', 1],
  ['name of a service', dns1035Label, 'a0', 0],
  ['host with a wildcard', wildcardDnsSubdomain, '*.a.b', 0],
  ['host with a wildcard', wildcardDnsSubdomain, '*', 1],
  ['host with a wildcard', wildcardDnsSubdomain, 'a.b', 1],
  ['segment of a path', pathSegment, 'system:x', 0],
  ['segment of a path', pathSegment, 'rôle-ţ', 0],
  ['segment of a path', pathSegment, '..', 1],
  ['segment of a path', pathSegment, 'a/b%', 2],
  ['qualified name', qualifiedName, 'a.example/B_c', 0],
  ['qualified name', qualifiedName, 'a/b/c', 1],
  ['qualified name', qualifiedName, '/b', 1],
  ['qualified name', qualifiedName, 'a/', 2],
  ['qualified name', qualifiedName, long(64), 1],
  ['value of a label', labelValue, '', 0],
  ['value of a label', labelValue, 'a b', 1],
  ['name of a port', portName, 'http', 0],
  ['name of a port', portName, '80', 1],
  ['name of a port', portName, 'a--b', 1],
  ['name of a port', portName, 'sixteen-letters-', 2],
  ['variable', environmentName, 'A_B', 0],
  ['variable', environmentName, 'A=B', 1],
  ['key of a map', configKey, 'a/b', 1],
  ['key of a map', configKey, '..', 1],
];

describe('names', () => {
  it.each(cases)('%s', (_, check, value, complaints) => {
    expect({ value, complaints: check(value).length }).toEqual({ value, complaints });
  });

  it('may end with a dash where a suffix follows', () => {
    expect(asPrefix(dnsSubdomain)('web-')).toEqual([]);
    expect(asPrefix(dnsSubdomain)('web_')).toHaveLength(1);
  });
});
