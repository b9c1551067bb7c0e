import type {
  V1ExecAction,
  V1HTTPGetAction,
  V1Lifecycle,
  V1LifecycleHandler,
  V1Probe,
  V1SleepAction,
} from '../../gen/types.ts';
import { httpHeaderName } from '../names.ts';
import { portNumber, portNumberOrName } from '../ports.ts';
import type { Report } from '../report.ts';
import { all, alwaysOneOf, below, fields, nonNegative, orZero, present, type Rule, required } from '../rule.ts';
import { LINUX, type PodContext, WINDOWS } from './context.ts';

const execAction: Rule<V1ExecAction, PodContext> = fields<V1ExecAction, PodContext>({ command: required() });

const httpGetAction: Rule<V1HTTPGetAction, PodContext> = all<V1HTTPGetAction, PodContext>(
  fields<V1HTTPGetAction, PodContext>({
    path: required(),
    port: present(portNumberOrName),
    scheme: alwaysOneOf(['HTTP', 'HTTPS']),
  }),
  (action, at) => {
    for (const header of action.httpHeaders ?? []) {
      for (const complaint of httpHeaderName(header.name ?? '')) at.invalid(complaint, 'httpHeaders');
    }
  },
);

/** No longer than the pod has to stop. */
const sleepAction: Rule<V1SleepAction, PodContext> = (sleep, at, { spec }) => {
  const limit = spec.terminationGracePeriodSeconds;
  if (limit === undefined) return;
  if (sleep.seconds < 0 || sleep.seconds > limit) at.invalid(`must be between 0 and the grace period of ${limit}`);
};

type Handler = V1LifecycleHandler & Pick<V1Probe, 'grpc'>;

const HANDLERS = {
  exec: execAction,
  httpGet: httpGetAction,
  tcpSocket: fields<{ port: number | string }, PodContext>({ port: present(portNumberOrName) }),
  grpc: fields<{ port: number; service?: string }, PodContext>({ port: orZero(portNumber) }),
  sleep: sleepAction,
} as const;

const HANDLER_NAMES = Object.keys(HANDLERS) as Array<keyof typeof HANDLERS>;

/** Exactly one way of acting; the first one written is looked at, others are refused. */
const handler: Rule<Handler, PodContext> = (value, at, context) => {
  let found = false;
  for (const name of HANDLER_NAMES) {
    const action = value[name];
    if (action === undefined || action === null) continue;
    if (found) at.forbidden('only one kind of handler may be set', name);
    else below(at, name, action, HANDLERS[name] as Rule<unknown, PodContext>, context);
    found = true;
  }
  if (!found) at.required('needs a handler');
};

const timing = fields<V1Probe, PodContext>({
  initialDelaySeconds: nonNegative,
  timeoutSeconds: nonNegative,
  periodSeconds: nonNegative,
  successThreshold: nonNegative,
  failureThreshold: nonNegative,
  terminationGracePeriodSeconds: (seconds: number, at: Report) => {
    if (seconds <= 0) at.invalid('must be greater than 0');
  },
});

const onceIsEnough: Rule<V1Probe> = (probe, at) => {
  if (probe.successThreshold !== 1) at.invalid('must be 1', 'successThreshold');
};

const stopsNothing: Rule<V1Probe> = (probe, at) => {
  if (probe.terminationGracePeriodSeconds !== undefined) {
    at.invalid('readiness stops no container', 'terminationGracePeriodSeconds');
  }
};

export const livenessProbe: Rule<V1Probe, PodContext> = all<V1Probe, PodContext>(handler, timing, onceIsEnough);
export const startupProbe = livenessProbe;
export const readinessProbe: Rule<V1Probe, PodContext> = all<V1Probe, PodContext>(handler, timing, stopsNothing);

const SIGNALS = [
  ...'ABRT ALRM BUS CHLD CLD CONT FPE HUP ILL INT IO IOT KILL PIPE POLL PROF PWR QUIT SEGV STKFLT STOP SYS'.split(' '),
  ...'TERM TRAP TSTP TTIN TTOU URG USR1 USR2 VTALRM WINCH XCPU XFSZ RTMIN RTMAX'.split(' '),
  ...Array.from({ length: 15 }, (_, i) => `RTMIN+${i + 1}`),
  ...Array.from({ length: 14 }, (_, i) => `RTMAX-${i + 1}`),
].map((name) => `SIG${name}`);

const STOP_SIGNALS: Readonly<Record<string, readonly string[]>> = {
  [LINUX]: SIGNALS,
  [WINDOWS]: ['SIGKILL', 'SIGTERM'],
};

const stopSignal: Rule<string, PodContext> = (signal, at, { spec }) => {
  if (!spec.os) at.forbidden('needs spec.os.name');
  else if (STOP_SIGNALS[spec.os.name]?.includes(signal) === false) at.notSupported(STOP_SIGNALS[spec.os.name]!);
};

export const lifecycle: Rule<V1Lifecycle, PodContext> = fields<V1Lifecycle, PodContext>({
  postStart: handler,
  preStop: handler,
  stopSignal,
});
