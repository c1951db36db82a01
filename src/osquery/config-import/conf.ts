import { AppError } from '../../model/errors.ts'
import { type Finding, shown } from '../agent-config/findings.ts'
import type { AgentConfig, Pack } from '../agent-config.ts'
import { type ImportedConfig, settableOptions } from './imported.ts'
import { parseLenientJson } from './lenient-json.ts'

// osquery's own files: a configuration (osquery.conf), or one pack (incident-response.conf).

/**
 * Reads a configuration, or a pack, which becomes the pack `packName`. Throws `invalid_argument` with the place for
 * text that is neither.
 */
export function importConf(text: string, packName: string): ImportedConfig {
  const { value, repeated } = parseLenientJson(text)
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new AppError('invalid_argument', `${shown(value)} is no configuration: an object is expected`)
  }
  const message = 'is there twice: the last one is taken'
  const warnings: Finding[] = repeated.map(path => ({ path, message }))
  if ('queries' in value) return { config: { packs: { [packName]: value as Pack } }, warnings }
  const { options, ...rest } = value as AgentConfig
  if (options === undefined) return { config: rest, warnings }
  return { config: { options: settableOptions(options, warnings) as AgentConfig['options'], ...rest }, warnings }
}
