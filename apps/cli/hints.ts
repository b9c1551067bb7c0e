import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join, relative } from 'node:path';
import type { Home } from '../../libs/provision/home.ts';
import { Api } from './api.ts';

interface ServiceList {
  items?: Array<{
    metadata: { name: string; namespace: string };
    spec: { type?: string; ports?: Array<{ nodePort?: number }> };
  }>;
}

/** What a person wants to know once a cluster runs. */
export async function welcome(home: Home, manifest: string | undefined): Promise<string[]> {
  const text = manifest === undefined ? '' : readFileSync(manifest, 'utf8');
  const urls = manifest === undefined ? [] : await serviceUrls(home, text);
  const lines = ['', `  export KUBECONFIG=${home.kubeconfig}`];
  if (urls.length > 0) lines.push('', ...urls.map((url) => `  curl ${url}`));
  return [...lines, '', 'Try:', ...tryOut(text.includes('name: hello\n')).map((line) => `  ${line}`), ''];
}

function tryOut(withExample: boolean): string[] {
  const kubectl = hasProgram('kubectl') ? 'kubectl' : undefined;
  const berth = ownCommand();
  if (kubectl === undefined) return [`${berth} status`, 'apt-get install -y kubernetes-client   # brings kubectl'];
  if (!withExample)
    return ['kubectl get nodes -o wide', 'kubectl apply -f deploy/examples/hello.yaml', `${berth} status`];
  return [
    'kubectl get pods -o wide',
    'kubectl scale deployment/hello --replicas 6',
    'kubectl set image deployment/hello hello=localhost/berth/hello:2',
    'kubectl logs -l app=hello --prefix',
    `${berth} node stop node-2   # pulls the plug of a node; "node start" puts it back`,
  ];
}

/** Where the NodePort services named in the manifest answer on this machine. */
async function serviceUrls(home: Home, manifest: string): Promise<string[]> {
  const api = await Api.from(home.kubeconfig);
  try {
    const { items = [] } = (await api.ask('GET', '/api/v1/services')) as ServiceList;
    return items
      .filter((service) => manifest.includes(`name: ${service.metadata.name}`))
      .flatMap((service) => service.spec.ports ?? [])
      .filter((port) => port.nodePort !== undefined)
      .map((port) => `http://127.0.0.1:${port.nodePort}/`);
  } finally {
    api.close();
  }
}

/** How this program can be called from where the person is. */
function ownCommand(): string {
  return hasProgram('berth') ? 'berth' : `node ${relative(process.cwd(), process.argv[1] ?? '')}`;
}

function hasProgram(name: string): boolean {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => existsSync(join(folder, name)));
}

/** What is left to say when a cluster has stopped. */
export function farewell(home: Home): string {
  const own = home.path === join(homedir(), '.berth') ? '' : `BERTH_HOME=${home.path} `;
  return `stopped; "${own}${ownCommand()} up" starts it again with the same objects`;
}
