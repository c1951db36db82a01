import type { Judgement } from '../remote/judgement.ts'
import { type AgentFlags, withOptions } from './flags.ts'

// An agent's configuration (osquery/config/config_refresh.cpp): loaded at the start and then every `config_refresh`
// seconds; after a failure the present one stays in force and the next try comes after `config_accelerated_refresh`.

export interface ConfigurationParts {
  /** As on the command line. */
  readonly flags: AgentFlags
  readonly fetch: () => Promise<Judgement>
  readonly wait: (seconds: number) => Promise<void>
  readonly isStopped: () => boolean
  readonly onChange: (served: unknown, flags: AgentFlags) => void
}

export interface Configuration {
  /** The command line's flags with the configuration's options over them. */
  readonly flags: AgentFlags
  /** undefined before the first. */
  readonly served: unknown
  /** One fetch; resolves also when it failed. */
  load(): Promise<void>
  refresh(): Promise<void>
}

export function openConfiguration({
  flags: given,
  fetch,
  wait,
  isStopped,
  onChange,
}: ConfigurationParts): Configuration {
  let flags = given
  let served: unknown
  let hasFailed = false

  async function load(): Promise<void> {
    const judgement = await fetch()
    hasFailed = !judgement.isSuccess
    // A list or a number is no configuration: the one before stays.
    if (!judgement.isSuccess || typeof judgement.json !== 'object' || Array.isArray(judgement.json)) return
    if (judgement.json === served) return
    served = judgement.json
    flags = withOptions(given, Object(served).options)
    onChange(served, flags)
  }

  return {
    get flags() {
      return flags
    },
    get served() {
      return served
    },
    load,
    async refresh() {
      const { config_refresh: normal, config_accelerated_refresh: accelerated } = given
      while (normal > 0 && !isStopped()) {
        await wait(hasFailed ? accelerated : normal)
        if (!isStopped()) await load()
      }
    },
  }
}
