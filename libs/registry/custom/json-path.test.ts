import { jsonPath } from './json-path.ts';

const object = {
  metadata: { name: 'a', labels: { 'app.kubernetes.io/name': 'shop' } },
  spec: {
    replicas: 3,
    ports: [
      { name: 'web', port: 80 },
      { name: 'admin', port: 9000, tls: true },
    ],
    hosts: ['x', 'y', 'z'],
  },
  status: {
    conditions: [
      { type: 'Ready', status: 'True' },
      { type: 'Has ] and "quotes"', status: 'Unknown' },
    ],
  },
};

const cases: Array<[path: string, value: unknown]> = [
  ['.metadata.name', 'a'],
  ['.spec', object.spec],
  ['.spec.none.deeper', undefined],
  ['.metadata.name.deeper', undefined],
  ['.metadata.labels.app\\.kubernetes\\.io/name', 'shop'],
  [".metadata.labels['app\\.kubernetes\\.io/name']", 'shop'],
  ['.spec.hosts[0]', 'x'],
  ['.spec.hosts[-1]', 'z'],
  ['.spec.hosts[7]', undefined],
  ['.spec.hosts[1:3]', 'y'],
  ['.spec.hosts[:]', 'x'],
  ['.spec.hosts[::2]', 'x'],
  ['.spec.hosts[*]', 'x'],
  ['.spec.hosts[2,0]', 'z'],
  ['.spec.replicas[0]', undefined],
  ['.spec.ports[*].port', 80],
  ['..port', 80],
  ['.status.conditions[?(@.type=="Ready")].status', 'True'],
  ['.status.conditions[?(@.type == "Ready")].status', 'True'],
  [".status.conditions[?(@.type=='Ready')].status", 'True'],
  ['.status.conditions[?(@.type=="Failed")].status', undefined],
  ['.status.conditions[?(@.type=="Has ] and \\"quotes\\"")].status', 'Unknown'],
  ['.status.conditions[?(@.type!="Ready")].status', 'Unknown'],
  ['.spec.ports[?(@.port>80)].name', 'admin'],
  ['.spec.ports[?(@.port>=80)].name', 'web'],
  ['.spec.ports[?(@.port<81)].name', 'web'],
  ['.spec.ports[?(@.tls==true)].name', 'admin'],
  ['.spec.ports[?(@.tls)].name', 'admin'],
  ['.spec.ports[?(@.port=="80")].name', undefined],
  ['.spec.ports[?(@.port~80)].name', undefined],
  ['.spec.hosts[x]', undefined],
  ['.spec.hosts[0', undefined],
  ['spec', undefined],
];

test.each(cases)('%s is %j', (path, value) => {
  expect(jsonPath(path)(object)).toEqual(value);
});
