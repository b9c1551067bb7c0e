import type { Command } from './command.ts';

interface Entry {
  summary: string;
  /** Loads the command's own file, so that no command pays for the others. */
  load: () => Promise<Command>;
}

/** Every command, in the order in which `berth help` shows them. */
export const commands: Record<string, Entry> = {
  up: {
    summary: 'start a cluster on this machine',
    load: async () => (await import('./commands/up.ts')).up,
  },
  down: {
    summary: 'stop it and leave nothing running',
    load: async () => (await import('./commands/down.ts')).down,
  },
  status: {
    summary: 'show what runs',
    load: async () => (await import('./commands/status.ts')).status,
  },
  node: {
    summary: 'stop and start single nodes of this machine',
    load: async () => (await import('./commands/node.ts')).node,
  },
  apply: {
    summary: 'create or change objects as a manifest says',
    load: async () => (await import('./commands/apply.ts')).apply,
  },
  get: {
    summary: 'list objects',
    load: async () => (await import('./commands/get.ts')).get,
  },
  describe: {
    summary: 'show an object and what has happened to it',
    load: async () => (await import('./commands/describe.ts')).describe,
  },
  delete: {
    summary: 'delete objects',
    load: async () => (await import('./commands/delete.ts')).remove,
  },
  scale: {
    summary: 'change how many replicas run',
    load: async () => (await import('./commands/scale.ts')).scale,
  },
  logs: {
    summary: 'print what a container has written',
    load: async () => (await import('./commands/logs.ts')).logs,
  },
  exec: {
    summary: 'run a command in a container',
    load: async () => (await import('./commands/exec.ts')).exec,
  },
  top: {
    summary: 'show what nodes and pods use',
    load: async () => (await import('./commands/top.ts')).top,
  },
  server: {
    summary: 'run the control plane alone, for a cluster of many machines',
    load: async () => (await import('./commands/server.ts')).server,
  },
  agent: {
    summary: 'run this machine as a node of a cluster',
    load: async () => (await import('./commands/agent.ts')).agent,
  },
  token: {
    summary: 'make the line that joins a machine',
    load: async () => (await import('./commands/token.ts')).token,
  },
  explain: {
    summary: 'say why a pod runs where it runs, or why it waits',
    load: async () => (await import('./commands/explain.ts')).explain,
  },
  plan: {
    summary: 'say where the pods of a manifest would run, and what would not fit',
    load: async () => (await import('./commands/plan.ts')).plan,
  },
  simulate: {
    summary: "replay the cluster's pods on a changed cluster, and compare",
    load: async () => (await import('./commands/simulate.ts')).simulate,
  },
  drain: {
    summary: 'move all pods off a node, or say where they would go',
    load: async () => (await import('./commands/drain.ts')).drain,
  },
  rebalance: {
    summary: 'move pods so that nodes become empty, or evenly loaded',
    load: async () => (await import('./commands/rebalance.ts')).rebalance,
  },
  cordon: {
    summary: 'let no new pods on a node',
    load: async () => (await import('./commands/cordon.ts')).cordon,
  },
  uncordon: {
    summary: 'let pods on a node again',
    load: async () => (await import('./commands/cordon.ts')).uncordon,
  },
  image: {
    summary: 'build the images that Berth brings, or load an archive into every node',
    load: async () => (await import('./commands/image.ts')).image,
  },
};

export function overview(): string {
  const width = Math.max(...Object.keys(commands).map((name) => name.length));
  const lines = Object.entries(commands).map(([name, entry]) => `  ${name.padEnd(width)}  ${entry.summary}`);
  return `berth: a cluster that finds each container its place

${lines.join('\n')}

"berth COMMAND --help" tells more. Data lives in $BERTH_HOME (~/.berth).
`;
}
