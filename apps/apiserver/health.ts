/** One thing that must be well. */
export interface HealthCheck {
  readonly name: string;
  /** The endpoints that it is asked at; all when absent. */
  readonly endpoints?: readonly string[];
  /** Resolves when it is well. */
  check(): Promise<void>;
}

export interface HealthAnswer {
  readonly code: number;
  readonly text: string;
}

const healthEndpoints = ['healthz', 'livez', 'readyz'];

/** Answers /livez, /readyz, /healthz and their single checks; undefined for other paths. */
export async function healthAnswer(
  path: string,
  query: URLSearchParams,
  checks: readonly HealthCheck[],
): Promise<HealthAnswer | undefined> {
  const [, endpoint = '', ...rest] = path.split('/');
  if (!healthEndpoints.includes(endpoint)) return undefined;
  const asked = checksAt(endpoint, checks);
  if (rest.length === 0) return all(endpoint, query, asked);
  // Some checks have names with slashes.
  const one = asked.find((check) => check.name === rest.join('/'));
  return one ? single(one) : undefined;
}

function checksAt(endpoint: string, checks: readonly HealthCheck[]): readonly HealthCheck[] {
  return checks.filter(({ endpoints }) => endpoints === undefined || endpoints.includes(endpoint));
}

/** The paths of all endpoints and of their checks. */
export function healthPaths(checks: readonly HealthCheck[]): string[] {
  return healthEndpoints.flatMap((one) => [`/${one}`, ...checksAt(one, checks).map(({ name }) => `/${one}/${name}`)]);
}

async function single(check: HealthCheck): Promise<HealthAnswer> {
  try {
    await check.check();
    return { code: 200, text: 'ok' };
  } catch {
    return { code: 500, text: `[-]${check.name} failed: reason withheld\n` };
  }
}

async function all(endpoint: string, query: URLSearchParams, checks: readonly HealthCheck[]): Promise<HealthAnswer> {
  const excluded = new Set(query.getAll('exclude'));
  const lines: string[] = [];
  let failed = false;
  for (const check of checks) {
    if (excluded.has(check.name)) {
      lines.push(`[+]${check.name} excluded: ok`);
      continue;
    }
    const { code } = await single(check);
    failed ||= code !== 200;
    lines.push(code === 200 ? `[+]${check.name} ok` : `[-]${check.name} failed: reason withheld`);
  }
  const strange = [...excluded].filter((name) => !checks.some((check) => check.name === name)).sort();
  if (strange.length > 0) {
    const names = strange.map((name) => JSON.stringify(name)).join(',');
    lines.push(`warn: some health checks cannot be excluded: no matches for ${names}`);
  }
  if (failed) return { code: 500, text: `${lines.join('\n')}\n${endpoint} check failed\n` };
  return { code: 200, text: query.has('verbose') ? `${lines.join('\n')}\n${endpoint} check passed\n` : 'ok' };
}

/** Where monitoring reads how each check stands now. Source: Kubernetes' component SLIs. */
export const healthMetricsPath = '/metrics/slis';

/** Every check of every endpoint as a gauge: 1 when it is well. */
export async function healthMetrics(checks: readonly HealthCheck[]): Promise<string> {
  const name = 'kubernetes_healthcheck';
  const found = await Promise.all(checks.map(async (check) => [check, await single(check)] as const));
  const codes = new Map(found.map(([check, { code }]) => [check, code]));
  const lines = healthEndpoints.flatMap((type) =>
    checksAt(type, checks).map(
      (one) => `${name}{name="${one.name}",type="${type}"} ${codes.get(one) === 200 ? 1 : 0}\n`,
    ),
  );
  return `# HELP ${name} Whether a check of the server's health succeeds.\n# TYPE ${name} gauge\n${lines.join('')}`;
}
