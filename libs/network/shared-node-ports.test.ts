import { silentLogger } from '../base/log.ts';
import type { ServicePort } from './service-table.ts';
import { type SharedNodePort, SharedNodePorts } from './shared-node-ports.ts';

const tables =
  'table ip berth-aa00aa00-services\ntable ip berth-bb00bb00-services\ntable ip berth-bb00bb00-nat\ntable ip filter\n';
const map = `table ip berth-bb00bb00-services {
	map nodeports {
		type inet_proto . inet_service : verdict
		elements = { udp . 30053 : goto svc-1,
			     tcp . 30080 : goto svc-2 }
	}
}
`;

function port(nodePort: number | undefined, protocol: ServicePort['protocol'] = 'tcp'): ServicePort {
  return {
    ...{ key: 'ns/web:http', protocol, port: 80, nodePort, clusterIps: [], externalIps: [], endpoints: [] },
    ...{ localEndpoints: [], affinitySeconds: undefined, externalLocalOnly: false, internalLocalOnly: false },
  };
}

function watching() {
  const shared: SharedNodePort[] = [];
  const calls: string[] = [];
  const run = async (_: string, args: readonly string[]) => {
    calls.push(args.join(' '));
    return args[1] === 'tables' ? tables : map;
  };
  const table = 'berth-aa00aa00-services';
  const ports = new SharedNodePorts({ table, run, logger: silentLogger, onShared: (each) => shared.push(each) });
  return { ports, shared, calls };
}

describe('node ports of two clusters', () => {
  it('are told of, once', async () => {
    const { ports, shared, calls } = watching();
    await ports.applied([port(30_080), port(30_081), port(30_080, 'udp'), port(undefined)]);
    const table = 'berth-bb00bb00-services';
    expect(shared).toEqual([{ service: 'ns/web', protocol: 'tcp', nodePort: 30_080, table }]);
    expect(calls).toEqual(['list tables ip', `list map ip ${table} nodeports`]);
    await ports.applied([port(30_080), port(30_081), port(30_080, 'udp')]);
    expect(calls).toHaveLength(2);
  });

  it('are not looked for without a node port', async () => {
    const { ports, calls } = watching();
    await ports.applied([port(undefined)]);
    expect(calls).toEqual([]);
  });
});
