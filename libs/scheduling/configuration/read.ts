import type { WeightedPlugin } from '../plugin.ts';
import { defaultProfile, defaultSchedulerName, type Profile } from '../profiles.ts';
import { defaultPlugins } from '../registry.ts';
import { Fields } from './fields.ts';
import { configurable } from './plugin-arguments.ts';

export const configurationVersions = ['kubescheduler.config.k8s.io/v1'] as const;
const configurationKind = 'KubeSchedulerConfiguration';
const weightMax = 100;
const preemptionName = 'DefaultPreemption';
/** What every profile has and none can do without. */
const fixedNames = ['PrioritySort', 'SchedulingGates', 'DefaultBinder', 'GangScheduling'];
/**
 * Fields of kube-scheduler that are passed over, whatever they say: all nodes are looked at always, by one thread; the
 * times of `libs/scheduling/queue.ts` hold; and how to connect, to be elected and to be profiled is said where the
 * program is started.
 */
const passedOver = [
  'clientConnection',
  'leaderElection',
  'parallelism',
  'percentageOfNodesToScore',
  'podInitialBackoffSeconds',
  'podMaxBackoffSeconds',
  'enableProfiling',
  'enableContentionProfiling',
  'delayCacheUntilActive',
];
/** Extension points at which plugins can be switched on and off one by one. */
const points = ['multiPoint', 'preFilter', 'filter', 'postFilter', 'preScore', 'score'] as const;
type Point = (typeof points)[number];

interface Named {
  name: string;
  weight?: number;
}

/** Enabled and disabled plugins of a profile, by extension point. */
type Choices = Map<Point, { enabled: Named[]; disabled: Named[] }>;

/**
 * The profiles that a configuration states: of apiVersion kubescheduler.config.k8s.io/v1, as far as its fields mean
 * something here. Unknown fields and values are refused.
 * @throws ConfigurationError that names the field.
 */
export function readConfiguration(document: unknown): Profile[] {
  const fields = new Fields(document, '');
  const version = fields.choice('apiVersion', configurationVersions);
  if (version === undefined) fields.fail('apiVersion', `required: ${configurationVersions.join(' or ')}`);
  if (fields.choice('kind', [configurationKind] as const) === undefined) {
    fields.fail('kind', `required: ${configurationKind}`);
  }
  const profiles = fields.list('profiles', readProfile);
  for (const name of passedOver) fields.raw(name);
  fields.end();
  const names = profiles.map(({ schedulerName }) => schedulerName);
  names.forEach((name, at) => {
    if (names.indexOf(name) < at) fields.fail(`profiles[${at}].schedulerName`, `${name} has a profile already`);
  });
  return profiles.length > 0 ? profiles : [defaultProfile];
}

function readProfile(fields: Fields): Profile {
  const schedulerName = fields.string('schedulerName') ?? defaultSchedulerName;
  const choices = fields.mapping('plugins', readChoices) ?? new Map();
  fields.raw('percentageOfNodesToScore');
  const made = new Map<string, WeightedPlugin['plugin']>();
  fields.list('pluginConfig', (config) => {
    const name = config.string('name') ?? config.fail('name', 'required');
    const make = configurable[name];
    if (make === undefined) {
      const known = Object.keys(configurable).join(', ');
      return config.fail('name', `${JSON.stringify(name)} takes no arguments: must be one of ${known}`);
    }
    if (made.has(name)) config.fail('name', `${name} has its arguments already`);
    const plugin = config.mapping('args', (args) => {
      args.choice('apiVersion', configurationVersions);
      args.choice('kind', [`${name}Args`] as const);
      return make(args);
    });
    if (plugin !== undefined) made.set(name, plugin);
  });
  const base = defaultPlugins.map((each) => ({ ...each, plugin: made.get(each.plugin.name) ?? each.plugin }));
  return { schedulerName, plugins: base.flatMap((each) => chosen(each, choices)), preempts: preempts(choices) };
}

function readChoices(fields: Fields): Choices {
  const choices: Choices = new Map();
  for (const point of points) {
    const choice = fields.mapping(point, (at) => ({
      enabled: at.list('enabled', (each) => readNamed(each, true)),
      disabled: at.list('disabled', (each) => readNamed(each, false)),
    }));
    if (choice !== undefined) choices.set(point, choice);
  }
  return choices;
}

function readNamed(fields: Fields, isEnabled: boolean): Named {
  const name = fields.string('name') ?? fields.fail('name', 'required');
  const known = [...defaultPlugins.map(({ plugin }) => plugin.name), preemptionName];
  if (!isEnabled && fixedNames.includes(name)) fields.fail('name', `${name} cannot be switched off`);
  const isKnown = known.includes(name) || (isEnabled ? fixedNames.includes(name) : name === '*');
  if (!isKnown) fields.fail('name', `unknown plugin ${JSON.stringify(name)}: must be one of ${known.join(', ')}`);
  return isEnabled ? { name, weight: fields.whole('weight', { min: 1, max: weightMax }) } : { name };
}

/** Whether a plugin is on at an extension point: what is said of the point goes before what is said of all. */
function isOn(name: string, point: Point, choices: Choices): boolean {
  for (const at of [point, 'multiPoint'] as const) {
    const { enabled = [], disabled = [] } = choices.get(at) ?? {};
    if (enabled.some((each) => each.name === name)) return true;
    if (disabled.some((each) => each.name === name || each.name === '*')) return false;
  }
  return true;
}

function chosen({ plugin, weight }: WeightedPlugin, choices: Choices): WeightedPlugin[] {
  const { name } = plugin;
  const filters = isOn(name, 'preFilter', choices) && isOn(name, 'filter', choices);
  const scores = isOn(name, 'preScore', choices) && isOn(name, 'score', choices);
  if (!filters && !scores) return [];
  const stated = (['score', 'multiPoint'] as const)
    .map((point) => choices.get(point)?.enabled.find((each) => each.name === name)?.weight)
    .find((each) => each !== undefined);
  return [{ plugin, weight: scores ? (stated ?? weight) : 0, filters }];
}

function preempts(choices: Choices): boolean {
  return isOn(preemptionName, 'postFilter', choices);
}
