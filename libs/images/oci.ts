import { createHash } from 'node:crypto';
import { type TarEntry, tarArchive } from './tar.ts';

/** What an image is made of. Layers are shared between images when they are the same array. */
export interface ImageRecipe {
  /** The whole name, such as localhost/berth/hello:1. */
  name: string;
  layers: readonly (readonly TarEntry[])[];
  config: ImageConfig;
}

/** The part of the OCI image configuration that says how to run it. */
export interface ImageConfig {
  Env?: string[];
  Entrypoint?: string[];
  Cmd?: string[];
  WorkingDir?: string;
  User?: string;
  ExposedPorts?: Record<string, Record<string, never>>;
  StopSignal?: string;
}

interface Descriptor {
  mediaType: string;
  digest: string;
  size: number;
  platform?: { architecture: string; os: string };
  annotations?: Record<string, string>;
}

const media = {
  index: 'application/vnd.oci.image.index.v1+json',
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  config: 'application/vnd.oci.image.config.v1+json',
  layer: 'application/vnd.oci.image.layer.v1.tar',
} as const;

const epoch = '1970-01-01T00:00:00Z';
const architectures: Record<string, string> = { x64: 'amd64', arm64: 'arm64' };

/** The architecture's name in image manifests; Node's own name where OCI agrees with it. */
export function ociArchitecture(nodeArchitecture: string = process.arch): string {
  return architectures[nodeArchitecture] ?? nodeArchitecture;
}

/** One OCI archive with all the images; equal recipes give equal bytes. Layers are stored uncompressed. */
export function ociArchive(recipes: readonly ImageRecipe[]): Buffer {
  const blobs = new Map<string, Buffer>();
  const layers = new Map<readonly TarEntry[], Descriptor>();
  const add = (mediaType: string, bytes: Buffer): Descriptor => {
    const digest = sha256(bytes);
    blobs.set(digest, bytes);
    return { mediaType, digest, size: bytes.length };
  };
  const addLayer = (entries: readonly TarEntry[]): Descriptor => {
    const known = layers.get(entries) ?? add(media.layer, tarArchive(entries));
    layers.set(entries, known);
    return known;
  };
  const manifests = recipes.map((recipe) => addImage(recipe, add, addLayer));
  const index = { schemaVersion: 2, mediaType: media.index, manifests };
  return tarArchive([
    { type: 'file', path: 'oci-layout', content: json({ imageLayoutVersion: '1.0.0' }) },
    { type: 'file', path: 'index.json', content: json(index) },
    { type: 'directory', path: 'blobs' },
    { type: 'directory', path: 'blobs/sha256' },
    ...[...blobs].map(([digest, content]): TarEntry => ({ type: 'file', path: blobPath(digest), content })),
  ]);
}

function addImage(
  recipe: ImageRecipe,
  add: (mediaType: string, bytes: Buffer) => Descriptor,
  addLayer: (entries: readonly TarEntry[]) => Descriptor,
): Descriptor {
  const platform = { architecture: ociArchitecture(), os: 'linux' };
  const layers = recipe.layers.map(addLayer);
  const config = add(
    media.config,
    json({
      created: epoch,
      ...platform,
      config: recipe.config,
      // Uncompressed layers: the digest of the blob is the digest of its content.
      rootfs: { type: 'layers', diff_ids: layers.map((layer) => layer.digest) },
      history: layers.map(() => ({ created: epoch, created_by: 'berth' })),
    }),
  );
  const manifest = add(media.manifest, json({ schemaVersion: 2, mediaType: media.manifest, config, layers }));
  const annotations = {
    'io.containerd.image.name': recipe.name,
    'org.opencontainers.image.ref.name': recipe.name.slice(recipe.name.lastIndexOf(':') + 1),
  };
  return { ...manifest, platform, annotations };
}

/** `sha256:<hex>` of the bytes. */
export function sha256(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

function blobPath(digest: string): string {
  return `blobs/${digest.replace(':', '/')}`;
}

function json(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}
