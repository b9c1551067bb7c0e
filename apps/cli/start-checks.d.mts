interface LockFile {
  packages: Record<string, { version?: string; integrity?: string; optional?: boolean; link?: boolean }>;
}

export function nodeIsNewEnough(version: string): boolean;
export function packagesAreStale(wanted: LockFile, installed: LockFile | undefined): boolean;
