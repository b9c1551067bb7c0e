import type { KeyPair } from './issue.ts';

export interface KubeconfigOptions {
  /** Such as https://127.0.0.1:6443. */
  server: string;
  /** PEM of the authority that signs the server's certificate. */
  ca: string;
  client: KeyPair;
  cluster?: string;
  user?: string;
}

const base64 = (text: string) => Buffer.from(text).toString('base64');

/** A kubeconfig file with everything inside it, so that it can be copied to another machine. */
export function kubeconfigText(options: KubeconfigOptions): string {
  const cluster = options.cluster ?? 'berth';
  const user = options.user ?? 'admin';
  const context = user === 'admin' ? cluster : `${user}@${cluster}`;
  return `apiVersion: v1
kind: Config
clusters:
- name: ${JSON.stringify(cluster)}
  cluster:
    server: ${JSON.stringify(options.server)}
    certificate-authority-data: ${base64(options.ca)}
users:
- name: ${JSON.stringify(user)}
  user:
    client-certificate-data: ${base64(options.client.certificate)}
    client-key-data: ${base64(options.client.key)}
contexts:
- name: ${JSON.stringify(context)}
  context:
    cluster: ${JSON.stringify(cluster)}
    user: ${JSON.stringify(user)}
current-context: ${JSON.stringify(context)}
`;
}
