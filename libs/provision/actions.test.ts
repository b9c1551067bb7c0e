import { recordingMachine, version1, version2 } from '../../test/support/recording-machine.ts';
import { type Action, ActionError, applyActions, type Change, undoActions } from './actions.ts';
import { podsCgroupActions, systemCgroupActions } from './cgroups.ts';
import { bridgeActions, nodeLinkActions } from './links.ts';
import { clusterNames, nodeNames } from './names.ts';
import { chooseRanges } from './ranges.ts';
import { resolverActions } from './resolver.ts';

const cluster = clusterNames('0123abcd');
const node = nodeNames('0123abcd', 2);
const ranges = chooseRanges([]);

/** A machine of sets: what each change makes and takes away, as far as plans of this folder need it. */
const plans: Record<string, Action[]> = {
  bridge: bridgeActions(cluster, ranges),
  'node link': nodeLinkActions(cluster, node, ranges),
  resolver: resolverActions(node, 'nameserver 127.0.0.53\n', 'nameserver 192.0.2.53\n'),
  'system cgroup, version 1': systemCgroupActions(version1, node.systemCgroup),
  'system cgroup, version 2': systemCgroupActions(version2, node.systemCgroup),
  'weighted cgroup, version 1': systemCgroupActions(version1, cluster.controlCgroup, 4),
  'weighted cgroup, version 2': systemCgroupActions(version2, cluster.controlCgroup, 4),
  'pods cgroup, version 1': podsCgroupActions(version1, node.podsCgroup, { cpus: 1, memoryBytes: 1 }),
  'pods cgroup, version 2': podsCgroupActions(version2, node.podsCgroup, { cpus: 1, memoryBytes: 1 }),
};

describe.each(Object.entries(plans))('plan: %s', (_name, actions) => {
  const changes = actions.flatMap((action) => action.changes);

  it('undoes itself and what came before, wherever it fails', async () => {
    for (let at = 0; at < changes.length; at++) {
      const { machine, done } = recordingMachine(at);
      await expect(applyActions(machine, actions)).rejects.toThrow(ActionError);
      const failing = actionOf(actions, at);
      const expected = recordingMachine();
      await undoActions(expected.machine, actions.slice(0, failing + 1));
      expect(done.slice(at + 1)).toEqual(expected.done);
    }
  });

  it('has an undo for each action that makes something', () => {
    for (const action of actions) {
      const makes = action.changes.some((change) => 'directory' in change || /\badd\b|table/.test(commandOf(change)));
      if (makes) expect(action.undo).toBeDefined();
    }
  });
});

function actionOf(actions: readonly Action[], change: number): number {
  let seen = 0;
  return actions.findIndex((action) => {
    seen += action.changes.length;
    return change < seen;
  });
}

function commandOf(change: Change): string {
  return 'run' in change ? `${change.run.join(' ')} ${change.input ?? ''}` : '';
}
