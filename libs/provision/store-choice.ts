/** What `--store` may say: `embedded`, or `etcd=` and the URLs of etcd's members. */
export function isStoreChoice(text: string): boolean {
  return text === 'embedded' || /^etcd=https?:\/\/.+/.test(text);
}

/** For whoever typed another one. */
export const storeChoiceHint = 'want "embedded" or "etcd=http://HOST:2379[,...]"';
