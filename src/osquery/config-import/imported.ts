import { at, type Finding } from '../agent-config/findings.ts'
import { isFlagfileOnly } from '../agent-config/options.ts'
import type { AgentConfig } from '../agent-config.ts'

/** What came of a file: a configuration that is still to be checked, and what of the file is not in it. */
export interface ImportedConfig {
  readonly config: AgentConfig
  readonly warnings: readonly Finding[]
}

/** The options that a server can set; files of the filesystem plugin have flags of the command line among them. */
export function settableOptions(options: unknown, warnings: Finding[]): unknown {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) return options
  const settable = Object.entries(options).filter(([name]) => !isFlagfileOnly(name))
  for (const name of Object.keys(options).filter(isFlagfileOnly)) {
    warnings.push({ path: at('options', name), message: "left out: it belongs in the agent's flagfile" })
  }
  return Object.fromEntries(settable)
}
