import type { V1Container, V1VolumeDevice, V1VolumeMount } from '../../gen/types.ts';
import { descendingPath, hasBackstep } from '../paths.ts';
import type { Report } from '../report.ts';
import { below, type Rule } from '../rule.ts';
import type { PodContext } from './context.ts';

const PROPAGATIONS = ['Bidirectional', 'HostToContainer', 'None'];
const RECURSIVE_READ_ONLY = ['Disabled', 'Enabled', 'IfPossible'];

/** Where the volumes of a container are mounted. Details of a mount are told without its index. */
export const volumeMounts: Rule<V1Container, PodContext> = (container, at, { volumes }) => {
  if (!container.volumeMounts) return;
  const paths = new Set<string>();
  at.enter('volumeMounts');
  container.volumeMounts.forEach((mount, i) => {
    const device = container.volumeDevices?.some((d) => d.name === mount.name);
    if (!mount.name) at.required('', i, 'name');
    if (!volumes.has(mount.name)) at.notFound(mount.name, i, 'name');
    if (!mount.mountPath) at.required('', i, 'mountPath');
    if (paths.has(mount.mountPath)) at.invalid('must be unique', i, 'mountPath');
    paths.add(mount.mountPath);
    if (device) at.invalid('is a device already', i, 'name');
    if (container.volumeDevices?.some((d) => d.devicePath === mount.mountPath)) {
      at.invalid('is the path of a device already', i, 'mountPath');
    }
    subPaths(mount, i, at);
    propagation(mount, container, at);
    recursiveReadOnly(mount, at);
  });
  at.leave();
};

function subPaths(mount: V1VolumeMount, i: number, at: Report): void {
  if (mount.subPath) below(at, 'subPath', mount.subPath, descendingPath, undefined);
  if (!mount.subPathExpr) return;
  if (mount.subPath) at.invalid('excludes subPath', i, 'subPathExpr');
  below(at, 'subPathExpr', mount.subPathExpr, descendingPath, undefined);
}

function propagation(mount: V1VolumeMount, container: V1Container, at: Report): void {
  const kind = mount.mountPropagation;
  if (kind === undefined) return;
  if (!PROPAGATIONS.includes(kind)) at.notSupported(PROPAGATIONS, 'mountPropagation');
  if (kind === 'Bidirectional' && !container.securityContext?.privileged) {
    at.forbidden('only for privileged containers', 'mountPropagation');
  }
}

function recursiveReadOnly(mount: V1VolumeMount, at: Report) {
  const kind = mount.recursiveReadOnly;
  if (kind === undefined || kind === 'Disabled') return;
  if (!RECURSIVE_READ_ONLY.includes(kind)) return at.notSupported(RECURSIVE_READ_ONLY, 'recursiveReadOnly');
  if (!mount.readOnly) at.forbidden('needs readOnly', 'recursiveReadOnly');
  if (mount.mountPropagation !== undefined && mount.mountPropagation !== 'None') {
    at.forbidden('excludes mountPropagation', 'recursiveReadOnly');
  }
}

/** Raw block devices of a container. */
export const volumeDevices: Rule<V1Container, PodContext> = (container, at, context) => {
  if (!container.volumeDevices) return;
  const names = new Set<string>();
  const paths = new Set<string>();
  at.enter('volumeDevices');
  container.volumeDevices.forEach((device, i) => {
    at.enter(i);
    deviceName(device, names, at, context);
    devicePath(device, paths, at);
    const mounts = container.volumeMounts ?? [];
    if (mounts.some((m) => m.name === device.name)) at.invalid('is mounted already', 'name');
    if (mounts.some((m) => m.mountPath === device.devicePath)) at.invalid('is a mount path already', 'devicePath');
    if (device.name) names.add(device.name);
    at.leave();
  });
  at.leave();
};

function deviceName(device: V1VolumeDevice, names: Set<string>, at: Report, { volumes }: PodContext): void {
  const volume = volumes.get(device.name);
  if (!device.name) at.required('', 'name');
  if (names.has(device.name)) at.invalid('must be unique', 'name');
  if (!volume) at.notFound(device.name, 'name');
  else if (!volume.persistentVolumeClaim && !volume.ephemeral) at.invalid('only claims can be devices', 'name');
}

function devicePath(device: V1VolumeDevice, paths: Set<string>, at: Report): void {
  const path = device.devicePath;
  if (!path) at.required('', 'devicePath');
  if (paths.has(path)) at.invalid('must be unique', 'devicePath');
  if (path && hasBackstep(path)) at.invalid("must not contain '..'", 'devicePath');
  else paths.add(path);
}
