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
