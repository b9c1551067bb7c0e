import { readFileSync } from 'node:fs';
import { assert } from '../base/assert.ts';

/** How an etcd cluster is reached. */
export interface EtcdLocation {
  /** `http://host:port` or `https://host:port` of each member. */
  endpoints: string[];
  /** In ASCII; put before every key, so that several clusters can share one etcd; '' for none. */
  keyPrefix: string;
  tls?: { ca?: Buffer; certificate?: Buffer; key?: Buffer };
  login?: { user: string; password: string };
}

/**
 * Reads `URL[,URL...]`, where a URL is `http[s]://[user:password@]host:port[/key-prefix][?ca=FILE&cert=FILE&key=FILE]`.
 * Prefix, login and files are taken from the first URL. @throws Error that says what is wrong with it.
 */
export function parseEtcdUrls(text: string, readFile: (path: string) => Buffer = readFileSync): EtcdLocation {
  const urls = text.split(',').map((part) => parseUrl(part.trim()));
  const first = urls[0];
  assert(first !== undefined, 'split gives at least one part');
  const location: EtcdLocation = {
    endpoints: urls.map((url) => `${url.protocol}//${url.host}`),
    keyPrefix: first.pathname.replace(/\/+$/, ''),
  };
  if (new Set(urls.map((url) => url.protocol)).size > 1) throw new Error('etcd URLs mix http and https');
  const file = (name: string) => {
    const path = first.searchParams.get(name);
    return path === null ? undefined : readFile(path);
  };
  if (first.protocol === 'https:') location.tls = { ca: file('ca'), certificate: file('cert'), key: file('key') };
  if (first.username !== '') {
    location.login = { user: decodeURIComponent(first.username), password: decodeURIComponent(first.password) };
  }
  return location;
}

function parseUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.hostname === '') {
    throw new Error(`"${text}" is not an etcd URL such as http://127.0.0.1:2379`);
  }
  if (url.port === '') url.port = '2379';
  return url;
}
