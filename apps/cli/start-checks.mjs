const nodeVersionMin = [20, 19];

/** Whether a version such as 20.19.3 is at least what package.json asks for. */
export function nodeIsNewEnough(version) {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > nodeVersionMin[0] || (major === nodeVersionMin[0] && minor >= nodeVersionMin[1]);
}

/**
 * Whether what npm says is installed (node_modules/.package-lock.json) differs from what the lock file asks for.
 * Optional packages, which are for other platforms, may be absent.
 */
export function packagesAreStale(wanted, installed) {
  if (installed === undefined) return true;
  const [want, have] = [wanted.packages, installed.packages];
  return Object.entries(want).some(([path, entry]) => {
    if (path === '' || entry.link) return false;
    const present = have[path];
    if (present === undefined) return !entry.optional && !entry.devOptional;
    return present.version !== entry.version || present.integrity !== entry.integrity;
  });
}
