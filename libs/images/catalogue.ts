import type { ImageConfig, ImageRecipe } from './oci.ts';
import type { TarEntry } from './tar.ts';

/** The image of every pod's sandbox. */
export const pauseImage = 'localhost/berth/pause:1';
export const busyboxImage = 'localhost/berth/busybox:1';
/** The example service; versions 1 and 2 differ in what they answer. */
export const helloImages = ['localhost/berth/hello:1', 'localhost/berth/hello:2'] as const;

/** What the images are made from: the bytes of two static programs and the applets that the first one offers. */
export interface ImageSources {
  busybox: Uint8Array;
  /** As printed by `busybox --list`. */
  applets: readonly string[];
  catatonit: Uint8Array;
}

const searchPath = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const helloPort = 8080;

/** The images that Berth brings along, as recipes. */
export function catalogue(sources: ImageSources): ImageRecipe[] {
  const system = systemLayer(sources);
  const init: TarEntry[] = [
    { type: 'directory', path: 'usr' },
    { type: 'directory', path: 'usr/bin' },
    { type: 'file', path: 'usr/bin/catatonit', content: sources.catatonit, mode: 0o755 },
  ];
  const hello = helloImages.map((name, at): ImageRecipe => {
    const version = String(at + 1);
    return { name, layers: [system, init, helloLayer(version)], config: helloConfig(version) };
  });
  const pauseLayer: TarEntry[] = [{ type: 'file', path: 'pause', content: sources.catatonit, mode: 0o755 }];
  return [
    // `catatonit -P` only waits and reaps, which is all that a sandbox needs.
    { name: pauseImage, layers: [pauseLayer], config: { Entrypoint: ['/pause', '-P'], Env: [searchPath] } },
    { name: busyboxImage, layers: [system], config: { Cmd: ['sh'], Env: [searchPath] } },
    ...hello,
  ];
}

/** A root file system whose commands are links to busybox. */
function systemLayer(sources: ImageSources): TarEntry[] {
  const directories = ['bin', 'dev', 'etc', 'proc', 'root', 'sys', 'var', 'var/run', 'www'];
  const applets = [...new Set(sources.applets)].filter((name) => name !== 'busybox').sort();
  return [
    ...directories.map((path): TarEntry => ({ type: 'directory', path })),
    { type: 'directory', path: 'tmp', mode: 0o1777 },
    { type: 'file', path: 'bin/busybox', content: sources.busybox, mode: 0o755 },
    ...applets.map((name): TarEntry => ({ type: 'symlink', path: `bin/${name}`, target: 'busybox' })),
    text('etc/passwd', 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n'),
    text('etc/group', 'root:x:0:\nnogroup:x:65534:\n'),
    text('etc/nsswitch.conf', 'hosts: files dns\n'),
  ];
}

function helloConfig(version: string): ImageConfig {
  return {
    Env: [searchPath, `VERSION=${version}`, `PORT=${helloPort}`],
    // busybox httpd leaves SIGTERM at its default, which the first process of a container never receives; the init
    // passes it on to a child, so that a rollout does not wait for the grace period.
    Entrypoint: ['/usr/bin/catatonit', '--', '/bin/hello'],
    ExposedPorts: { [`${helloPort}/tcp`]: {} },
  };
}

/** Answers every request for `/` with the pod's name and the version, `/healthz` with ok and `/load` with busy work. */
function helloLayer(version: string): TarEntry[] {
  const start = `#!/bin/sh
set -e
site=$(mktemp -d)
mkdir "$site/cgi-bin"
echo "hello from $(hostname), version $VERSION" > "$site/index.html"
echo ok > "$site/healthz"
cp /usr/share/hello/load "$site/cgi-bin/load"
echo "$(hostname): version $VERSION answers on port $PORT"
exec httpd -f -p "$PORT" -h "$site"
`;
  const load = `#!/bin/sh
echo 'Content-Type: text/plain'
echo
i=0
while [ $i -lt 200000 ]; do i=$((i + 1)); done
echo "counted to $i on $(hostname)"
`;
  return [
    { type: 'directory', path: 'usr' },
    { type: 'directory', path: 'usr/share' },
    { type: 'directory', path: 'usr/share/hello' },
    text('usr/share/hello/version', `${version}\n`),
    { type: 'file', path: 'usr/share/hello/load', content: Buffer.from(load), mode: 0o755 },
    { type: 'file', path: 'bin/hello', content: Buffer.from(start), mode: 0o755 },
  ];
}

function text(path: string, content: string): TarEntry {
  return { type: 'file', path, content: Buffer.from(content) };
}
