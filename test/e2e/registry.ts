import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

interface Descriptor {
  mediaType: string;
  digest: string;
  annotations?: Record<string, string>;
}

/**
 * Pushes one image of an OCI archive to a registry and resolves to the digest of its manifest.
 * Source: OCI Distribution Specification, "Push".
 */
export async function pushImage(
  archive: string,
  image: string,
  target: { registry: string; repository: string; tag: string },
): Promise<string> {
  const folder = `${archive}.unpacked`;
  mkdirSync(folder, { recursive: true });
  execFileSync('tar', ['xf', archive, '-C', folder]);
  const read = (digest: string) => readFileSync(join(folder, 'blobs', digest.replace(':', '/')));
  const index = JSON.parse(readFileSync(join(folder, 'index.json'), 'utf8')) as { manifests: Descriptor[] };
  const found = index.manifests.find((each) => each.annotations?.['io.containerd.image.name'] === image);
  if (!found) throw new Error(`${archive} has no ${image}`);
  const manifest = JSON.parse(read(found.digest).toString()) as { config: Descriptor; layers: Descriptor[] };
  const base = `http://${target.registry}/v2/${target.repository}`;
  for (const { digest } of [manifest.config, ...manifest.layers]) {
    const session = await fetch(`${base}/blobs/uploads/`, { method: 'POST' });
    const place = new URL(session.headers.get('location') ?? '', base);
    place.searchParams.set('digest', digest);
    const headers = { 'content-type': 'application/octet-stream' };
    const put = await fetch(place, { method: 'PUT', headers, body: read(digest) });
    if (put.status !== 201) throw new Error(`blob ${digest}: ${put.status} ${await put.text()}`);
  }
  const headers = { 'content-type': found.mediaType };
  const put = await fetch(`${base}/manifests/${target.tag}`, { method: 'PUT', headers, body: read(found.digest) });
  if (put.status !== 201) throw new Error(`manifest: ${put.status} ${await put.text()}`);
  return found.digest;
}
