import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';
import { ApplyLoop } from './apply-loop.ts';
import type { CommandRunner } from './command.ts';
import { type HostPort, type RuleOptions, type RuleSet, renderRules } from './nft-rules.ts';
import type { ServicePort } from './service-table.ts';
import { StaleFlows } from './stale-flows.ts';

export interface ServiceRulesOptions extends RuleOptions {
  run: CommandRunner;
  clock: Clock;
  logger: Logger;
  /** What to route now. */
  ports: () => ServicePort[];
  hostPorts: () => HostPort[];
  /** Told of the ports once they are in force. */
  onApplied?: (ports: readonly ServicePort[]) => Promise<void>;
}

/** Keeps one machine's nftables in step with the services, in the network namespace of this process. */
export class ServiceRules {
  private readonly loop: ApplyLoop;
  private readonly flows: StaleFlows;
  private applied: RuleSet | undefined;

  constructor(private readonly options: ServiceRulesOptions) {
    this.flows = new StaleFlows(options);
    this.loop = new ApplyLoop(() => this.apply(), {
      name: 'service rules',
      clock: options.clock,
      logger: options.logger,
    });
  }

  /** Something has changed: apply as soon as what is under way is done. */
  trigger(): void {
    this.loop.trigger();
  }

  async stop(options: { remove: boolean }): Promise<void> {
    await this.loop.stop();
    if (!options.remove) return;
    const table = `table ip ${this.options.table}`;
    await this.options.run('nft', ['-f', '-'], `add ${table}\ndelete ${table}\n`);
  }

  private async apply(): Promise<void> {
    const ports = this.options.ports();
    const next = renderRules(ports, this.options.hostPorts(), this.options, this.applied);
    if (this.applied && next.text === this.applied.text) return;
    try {
      await this.options.run('nft', ['-f', '-'], next.text);
      this.applied = next;
    } catch (error) {
      // Whatever stands in the kernel now is not what we think: start over with an empty table.
      this.applied = undefined;
      throw error;
    }
    await this.flows.applied(ports);
    await this.options.onApplied?.(ports);
  }
}
