/** One thing that must be well. */
export interface HealthCheck {
  readonly name: string;
  /** Resolves when it is well. */
  check(): Promise<void>;
}

export interface HealthAnswer {
  readonly code: number;
  readonly text: string;
}

export const healthEndpoints = ['healthz', 'livez', 'readyz'];

/** Answers /livez, /readyz, /healthz and their single checks; undefined for other paths. */
export async function healthAnswer(
  path: string,
  query: URLSearchParams,
  checks: readonly HealthCheck[],
): Promise<HealthAnswer | undefined> {
  const [, endpoint = '', name, ...more] = path.split('/');
  if (!healthEndpoints.includes(endpoint) || more.length > 0) return undefined;
  if (name !== undefined && name !== '') {
    const one = checks.find((check) => check.name === name);
    return one ? single(one) : undefined;
  }
  return all(endpoint, query, checks);
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
  if (failed) return { code: 500, text: `${lines.join('\n')}\n${endpoint} check failed\n` };
  return { code: 200, text: query.has('verbose') ? `${lines.join('\n')}\n${endpoint} check passed\n` : 'ok' };
}

/** Where monitoring reads how each check stands now. Source: Kubernetes' component SLIs. */
export const healthMetricsPath = '/metrics/slis';

/** Every check of every endpoint as a gauge: 1 when it is well. */
export async function healthMetrics(checks: readonly HealthCheck[]): Promise<string> {
  const name = 'kubernetes_healthcheck';
  const found = await Promise.all(checks.map(async (check) => ({ name: check.name, ...(await single(check)) })));
  const lines = healthEndpoints.flatMap((type) =>
    found.map((one) => `${name}{name="${one.name}",type="${type}"} ${one.code === 200 ? 1 : 0}\n`),
  );
  return `# HELP ${name} Whether a check of the server's health succeeds.\n# TYPE ${name} gauge\n${lines.join('')}`;
}
