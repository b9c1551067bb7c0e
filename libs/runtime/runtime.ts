/** How long a container or sandbox has been known, where it stands, and what it is: the runtime's view of one pod. */
export type ContainerRunState = 'created' | 'running' | 'exited' | 'unknown';

export interface SandboxInfo {
  id: string;
  uid: string;
  name: string;
  namespace: string;
  attempt: number;
  ready: boolean;
  createdAtMs: number;
  labels: Record<string, string>;
  annotations: Record<string, string>;
  /** Empty in a list and for pods on the host's network. */
  ips: string[];
}

export interface ContainerSummary {
  id: string;
  sandboxId: string;
  name: string;
  attempt: number;
  state: ContainerRunState;
  createdAtMs: number;
  image: string;
  imageRef: string;
  labels: Record<string, string>;
  annotations: Record<string, string>;
}

export interface ContainerInfo extends Omit<ContainerSummary, 'sandboxId'> {
  /** 0 when it has not started. */
  startedAtMs: number;
  /** 0 while it runs. */
  finishedAtMs: number;
  exitCode: number;
  /** `OOMKilled`, `Completed`, `Error`, `StartError` and their like. */
  reason: string;
  message: string;
  logPath: string;
}

export type NamespaceMode = 'pod' | 'container' | 'node' | 'target';

export interface NamespaceOptions {
  network: NamespaceMode;
  pid: NamespaceMode;
  ipc: NamespaceMode;
  /** The container whose process namespace is joined when pid is `target`. */
  targetId?: string;
}

export interface SecurityProfile {
  type: 'RuntimeDefault' | 'Unconfined' | 'Localhost';
  /** Path on the node, for Localhost. */
  localhostRef?: string;
}

export interface SecurityLabels {
  user?: string;
  role?: string;
  type?: string;
  level?: string;
}

export interface SandboxConfig {
  name: string;
  uid: string;
  namespace: string;
  attempt: number;
  hostname: string;
  logDirectory: string;
  dns?: { servers: string[]; searches: string[]; options: string[] };
  portMappings: Array<{ protocol: 'TCP' | 'UDP' | 'SCTP'; containerPort: number; hostPort: number; hostIp: string }>;
  labels: Record<string, string>;
  annotations: Record<string, string>;
  cgroupParent: string;
  sysctls: Record<string, string>;
  security: {
    namespaces: NamespaceOptions;
    runAsUser?: number;
    runAsGroup?: number;
    supplementalGroups: number[];
    privileged: boolean;
    readOnlyRootFilesystem: boolean;
    seccomp?: SecurityProfile;
    selinux?: SecurityLabels;
  };
}

export interface ContainerResources {
  /** Microseconds. */
  cpuPeriod: number;
  /** Microseconds of CPU per period; 0 leaves it unlimited. */
  cpuQuota: number;
  cpuShares: number;
  /** Bytes; 0 leaves it unlimited. */
  memoryLimit: number;
  oomScoreAdj: number;
  /** Values for files of the container's group where there is one hierarchy (cgroup v2), by the file's name. */
  unified?: Readonly<Record<string, string>>;
}

export interface RuntimeMount {
  containerPath: string;
  hostPath: string;
  readOnly: boolean;
  propagation: 'private' | 'hostToContainer' | 'bidirectional';
}

export interface ContainerConfig {
  name: string;
  attempt: number;
  /** The image's id as the runtime knows it. */
  image: string;
  /** What the pod asked for. */
  userImage: string;
  command: string[];
  args: string[];
  workingDirectory: string;
  environment: ReadonlyArray<{ name: string; value: string }>;
  mounts: RuntimeMount[];
  labels: Record<string, string>;
  annotations: Record<string, string>;
  /** Relative to the sandbox's log directory. */
  logPath: string;
  stdin: boolean;
  stdinOnce: boolean;
  tty: boolean;
  resources: ContainerResources;
  security: {
    namespaces: NamespaceOptions;
    privileged: boolean;
    runAsUser?: number;
    runAsGroup?: number;
    runAsUsername?: string;
    supplementalGroups: number[];
    readOnlyRootFilesystem: boolean;
    noNewPrivileges: boolean;
    addCapabilities: string[];
    dropCapabilities: string[];
    maskedPaths: string[];
    readOnlyPaths: string[];
    seccomp?: SecurityProfile;
    apparmor?: SecurityProfile;
    selinux?: SecurityLabels;
  };
}

export interface ImageInfo {
  id: string;
  tags: string[];
  digests: string[];
  sizeBytes: number;
  /** The numeric user of the image's configuration, when it has one. */
  uid?: number;
  /** The named user of the image's configuration, or empty. */
  username: string;
  pinned: boolean;
}

export interface RegistryCredentials {
  username?: string;
  password?: string;
  auth?: string;
  serverAddress?: string;
  identityToken?: string;
  registryToken?: string;
}

/** As mount(8) takes it: type, source and options. */
export interface ImageMount {
  type: string;
  source: string;
  options: readonly string[];
}

export interface RuntimeCondition {
  type: string;
  status: boolean;
  reason: string;
  message: string;
}

/** Something happened to a container or sandbox; `id` says which, undefined that any may have changed. */
export interface RuntimeEvent {
  kind: 'exited' | 'oom' | 'changed';
  id: string | undefined;
}

export interface ExecResult {
  exitCode: number;
  stdout: Uint8Array;
  stderr: Uint8Array;
}

export interface StreamOptions {
  stdin: boolean;
  stdout: boolean;
  stderr: boolean;
  tty: boolean;
}

/** An operating error of the runtime: `code` tells what a caller may do about it. */
export class RuntimeError extends Error {
  readonly code: 'notFound' | 'unavailable' | 'deadline' | 'unimplemented' | 'other';

  constructor(code: RuntimeError['code'], message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'RuntimeError';
    this.code = code;
  }
}

/**
 * A container runtime. Every method rejects with a RuntimeError; stop and remove of what is gone succeed.
 * Source of the semantics: the Container Runtime Interface of Kubernetes, version 1.
 */
export interface ContainerRuntime {
  version(): Promise<{ name: string; version: string; apiVersion: string }>;
  conditions(): Promise<RuntimeCondition[]>;

  runSandbox(config: SandboxConfig, handler: string): Promise<string>;
  stopSandbox(id: string): Promise<void>;
  removeSandbox(id: string): Promise<void>;
  sandboxStatus(id: string): Promise<SandboxInfo>;
  listSandboxes(): Promise<SandboxInfo[]>;

  createContainer(sandboxId: string, config: ContainerConfig, sandbox: SandboxConfig): Promise<string>;
  startContainer(id: string): Promise<void>;
  /** Sends the stop signal, waits, then kills. Resolves when the container has exited. */
  stopContainer(id: string, graceSeconds: number): Promise<void>;
  removeContainer(id: string): Promise<void>;
  listContainers(sandboxId?: string): Promise<ContainerSummary[]>;
  containerStatus(id: string): Promise<ContainerInfo>;
  updateResources(id: string, resources: Partial<ContainerResources>): Promise<void>;
  reopenLog(id: string): Promise<void>;
  /** Bytes that a running container has written beside its volumes, some seconds old; 0 where nobody counts them. */
  writtenBytes(id: string): Promise<number>;

  /** Runs a command to its end; `timeoutSeconds` 0 waits for ever. A command cut short rejects with code `deadline`. */
  execSync(id: string, command: readonly string[], timeoutSeconds: number): Promise<ExecResult>;
  /** The URL of the runtime's streaming server for one exec. */
  execUrl(id: string, command: readonly string[], options: StreamOptions): Promise<string>;
  attachUrl(id: string, options: StreamOptions): Promise<string>;
  portForwardUrl(sandboxId: string, ports: readonly number[]): Promise<string>;

  listImages(): Promise<ImageInfo[]>;
  /** undefined when the image is not on the node. */
  imageStatus(image: string): Promise<ImageInfo | undefined>;
  /** Resolves to the image's reference on the node. */
  pullImage(image: string, credentials?: RegistryCredentials, sandbox?: SandboxConfig): Promise<string>;
  removeImage(image: string): Promise<void>;
  /** A view of an image's files that lasts until `removeImageView`, as what is to be mounted one upon another to see it. */
  imageView(image: string, key: string): Promise<ImageMount[]>;
  /** Succeeds where there is none of that key. */
  removeImageView(key: string): Promise<void>;
  imageFilesystem(): Promise<{ mountpoint: string; usedBytes: number } | undefined>;

  /** Calls back for each event until the returned function is called; survives restarts of the runtime. */
  watch(listener: (event: RuntimeEvent) => void): () => void;
  close(): void;
}
