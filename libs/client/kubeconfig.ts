import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { parse, YAMLError } from 'yaml';
import type { HttpClientOptions } from './http.ts';

interface Kubeconfig {
  'current-context'?: string;
  contexts?: Array<{ name: string; context: { cluster: string; user: string } }>;
  clusters?: Array<{ name: string; cluster: Record<string, string> }>;
  users?: Array<{ name: string; user: Record<string, string> }>;
}

/** The server and the credentials of a kubeconfig's current context. @throws Error that names what is missing. */
export function readKubeconfig(file: string, userAgent: string): HttpClientOptions {
  const config = parsed(file);
  const context = config.contexts?.find(({ name }) => name === config['current-context'])?.context;
  const cluster = config.clusters?.find(({ name }) => name === context?.cluster)?.cluster;
  const user = config.users?.find(({ name }) => name === context?.user)?.user;
  if (!cluster?.server || !user) throw new Error(`${file} has no current context with a server and a user`);
  const ca = material(file, cluster, 'certificate-authority');
  if (!ca) throw new Error(`${file} names no certificate authority for ${cluster.server}`);
  const [cert, key] = [material(file, user, 'client-certificate'), material(file, user, 'client-key')];
  const { token, tokenFile } = user;
  return {
    server: cluster.server,
    ca,
    ...(cert ? { cert } : {}),
    ...(key ? { key } : {}),
    ...(token ? { token: () => token } : {}),
    ...(tokenFile ? { tokenFile: resolve(dirname(file), tokenFile) } : {}),
    userAgent,
  };
}

function parsed(file: string): Kubeconfig {
  try {
    return (parse(readFileSync(file, 'utf8')) as Kubeconfig | null) ?? {};
  } catch (error) {
    if (error instanceof YAMLError) throw new Error(`${file} is no YAML: ${error.message}`, { cause: error });
    throw error;
  }
}

/** PEM that stands in the file itself, in base64, or in a file beside it. */
function material(file: string, fields: Record<string, string>, name: string): Buffer | undefined {
  const inline = fields[`${name}-data`];
  if (inline) return Buffer.from(inline, 'base64');
  const path = fields[name];
  return path ? readFileSync(resolve(dirname(file), path)) : undefined;
}
