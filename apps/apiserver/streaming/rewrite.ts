/** Attributes that hold addresses, as kube-apiserver's proxy knows them. */
const attributes =
  'action|background|cite|classid|codebase|data|formaction|href|icon|longdesc|manifest|poster|profile|src|usemap';
const tag = /<[a-z][^<>]*>/gi;
const address = new RegExp(`(\\s(?:${attributes})\\s*=\\s*["'])(/[^"'<>]*)`, 'gi');
/** Pages larger than this pass as they are. */
export const pageBytesMax = 4 * 1024 * 1024;

/** An absolute path of the backend's as it is reached through the proxy; other addresses stay as they are. */
export function throughProxy(path: string, prefix: string): string {
  return path.startsWith('/') && !path.startsWith('//') ? `${prefix}${path}` : path;
}

/** A page whose links lead through the proxy at `prefix`, such as `/api/v1/namespaces/a/pods/b/proxy`. */
export function rewritePage(page: string, prefix: string): string {
  return page.replace(tag, (whole) =>
    whole.replace(address, (same, before: string, path: string) =>
      path.startsWith(`${prefix}/`) ? same : before + throughProxy(path, prefix),
    ),
  );
}
