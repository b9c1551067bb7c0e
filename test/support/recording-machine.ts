import type { CgroupLayout } from '../../libs/provision/cgroups.ts';
import type { Machine } from '../../libs/provision/machine.ts';

/** A machine with cgroups of version 1, each controller in a hierarchy of its own. */
export const version1: CgroupLayout = {
  version: 1,
  controllers: { cpu: '/cg/cpu', memory: '/cg/memory', pids: '/cg/pids' },
  others: ['/cg/systemd'],
};
/** A machine with cgroups of version 2. */
export const version2: CgroupLayout = { version: 2, mount: '/cg' };

/** Remembers changes as text and can fail at one of them. */
export function recordingMachine(failAt = Number.POSITIVE_INFINITY) {
  const done: string[] = [];
  const record = async (text: string) => {
    if (done.length === failAt) {
      done.push(`failed ${text}`);
      throw new Error('no');
    }
    done.push(text);
  };
  const machine: Machine = {
    async run(argv, options) {
      await record(`run ${argv.join(' ')} ${options?.input ?? ''}`);
      return '';
    },
    read: async () => '',
    write: (path, content) => record(`write ${path} ${content}`),
    makeDirectory: (path) => record(`directory ${path}`),
    remove: (path) => record(`remove ${path}`),
  };
  return { machine, done };
}
