/** A minor version of Kubernetes 1, or the newest there is. */
export type Version = number | 'latest';

const pattern = /^v1\.([0-9]|[1-9][0-9]*)$/;

/** undefined for a text that is no version. */
export function parseVersion(text: string): Version | undefined {
  if (text === 'latest') return 'latest';
  const minor = pattern.exec(text)?.[1];
  return minor === undefined ? undefined : Number(minor);
}

export function versionText(version: Version): string {
  return version === 'latest' ? 'latest' : `v1.${version}`;
}
