import {
  findConfiguration,
  insertConfiguration,
  listConfigurationVersions,
  listCurrentConfigurations,
} from '../db/agent-configurations.ts'
import type { Store } from '../db/db.ts'
import { configuredLabelsMax, configuredTenantsMax, configVersionsMax, findingsShownMax } from '../limits.ts'
import { AppError } from '../model/errors.ts'
import { type Host, hostPlatformOf } from '../model/host.ts'
import {
  type ConfigurationChange,
  type ConfigurationLayer,
  type ConfigurationVersion,
  emptyLayer,
} from '../model/label-configuration.ts'
import { type AgentPlatform, agentPlatformOf, agentPlatforms } from '../osquery/agent-config/platforms.ts'
import { type CheckedConfig, checkAgentConfig, configBytesMax, ownTableNames } from '../osquery/agent-config.ts'
import { hostShard } from './host-shard.ts'
import { inLayerOrder, isBuiltInLayer, largestBytes, layConfigs } from './layered-config.ts'
import { openServedConfigs, type ServedConfig } from './served-configs.ts'

// Configurations of agents: versions of layers by label, and what each host is given of them.
//
// Every host asks every minute or so, so nothing is read or built for one of them: a tenant's current layers are in
// memory once they were asked for, and hosts of one platform with the same layers, between the same two shards, share
// one text. A version saved here drops its tenant's layers; texts are found by the versions they are made of, so one
// of an old version is never found again. Nobody else writes the store.

export interface Configurations {
  /** The whole answer of `config` as JSON text, and which versions it is made of. Rejects with `unavailable`. */
  configFor(host: Host, labels: readonly string[]): Promise<ServedConfig>
  /** The same with its reasons. */
  effectiveFor(host: Host, labels: readonly string[]): Promise<EffectiveConfig>
  /** The current version of each label that has one, in the order in which they are laid over one another. */
  list(tenantId: string): Promise<readonly ConfigurationVersion[]>
  /** A version, by default the current one; 0 is the empty layer. Rejects with `not_found`. */
  get(tenantId: string, label: string, version?: number): Promise<ConfigurationVersion>
  /** Newest first. */
  versions(tenantId: string, label: string, offset: number, count: number): Promise<readonly ConfigurationVersion[]>
  /** Checks a layer as `put` does, and saves nothing. */
  check(tenantId: string, label: string, layer: ConfigurationLayer): Promise<CheckedConfig>
  /**
   * Saves a layer as the label's next version. Rejects with `invalid_argument` (its details: `errors` and `warnings`),
   * and as `insertConfiguration`.
   */
  put(change: ConfigurationChange, baseVersion?: number): Promise<SavedConfiguration>
  /** Saves a copy of an old version as the next one. */
  restore(
    tenantId: string,
    label: string,
    version: number,
    by: Pick<ConfigurationChange, 'comment' | 'createdAt' | 'createdBy'>,
  ): Promise<Omit<SavedConfiguration, 'checked'>>
}

export interface EffectiveConfig extends ServedConfig {
  readonly platform: AgentPlatform | undefined
  /** 1 to 100; see `hostShard`. */
  readonly shard: number
  /** Those of its labels that have a configuration, the lowest first. */
  readonly layers: readonly Pick<ConfigurationVersion, 'label' | 'version'>[]
}

export interface SavedConfiguration {
  readonly version: ConfigurationVersion
  /** False: it was the current one already. */
  readonly isNew: boolean
  readonly checked: CheckedConfig
}

type Layers = ReadonlyMap<string, ConfigurationVersion>

export function openConfigurations({ store }: { readonly store: Store }): Configurations {
  /** By tenant, then by label in lower case. A change takes a tenant out, and with it what is being read meanwhile. */
  const tenants = new Map<string, Promise<Layers>>()
  const served = openServedConfigs()

  function layersOf(tenantId: string): Promise<Layers> {
    const held = tenants.get(tenantId)
    if (held !== undefined) return held
    const read = async () => {
      const current = await listCurrentConfigurations(store, tenantId)
      return new Map(current.map(version => [version.label.toLowerCase(), version]))
    }
    const reading = read().catch(error => {
      if (tenants.get(tenantId) === reading) tenants.delete(tenantId)
      throw new AppError('unavailable', 'configurations cannot be looked up at the moment', { cause: error })
    })
    if (tenants.size >= configuredTenantsMax) tenants.delete(tenants.keys().next().value as string)
    tenants.set(tenantId, reading)
    return reading
  }

  async function layersFor(host: Host, labels: readonly string[]): Promise<readonly ConfigurationVersion[]> {
    const layers = await layersOf(host.tenantId)
    return labels.map(label => layers.get(label.toLowerCase())).filter(layer => layer !== undefined)
  }

  async function configFor(host: Host, labels: readonly string[]): Promise<ServedConfig> {
    const layers = await layersFor(host, labels)
    return served.find(host, layers, agentPlatformOf(hostPlatformOf(host.facts.platform)))
  }

  async function insert(change: ConfigurationChange, baseVersion: number | undefined) {
    const bounds = { labelsMax: configuredLabelsMax, versionsMax: configVersionsMax }
    try {
      return await insertConfiguration(store, change, baseVersion, bounds)
    } finally {
      tenants.delete(change.tenantId)
    }
  }

  async function get(tenantId: string, label: string, version?: number): Promise<ConfigurationVersion> {
    const found = version === 0 ? undefined : await findConfiguration(store, tenantId, label, version)
    if (found !== undefined) return found
    if (version === undefined || version === 0) {
      return { tenantId, label, version: 0, layer: emptyLayer, comment: '', createdAt: 0, createdBy: '' }
    }
    throw new AppError('not_found', `there is no version ${version} of this configuration`)
  }

  async function check(tenantId: string, label: string, layer: ConfigurationLayer): Promise<CheckedConfig> {
    return checkLayer(await layersOf(tenantId), label, layer)
  }

  return {
    ...{ configFor, get, check },
    async effectiveFor(host, labels) {
      const layers = inLayerOrder(await layersFor(host, labels))
      return {
        ...(await configFor(host, labels)),
        platform: agentPlatformOf(hostPlatformOf(host.facts.platform)),
        shard: hostShard(host.id),
        layers: layers.map(({ label, version }) => ({ label, version })),
      }
    },
    list: async tenantId => inLayerOrder(await listCurrentConfigurations(store, tenantId)),
    versions: (tenantId, label, offset, count) => listConfigurationVersions(store, tenantId, label, offset, count),
    async put(change, baseVersion) {
      const checked = await check(change.tenantId, change.label, change.layer)
      if (checked.config === undefined) throw refusal(checked)
      return { ...(await insert(change, baseVersion)), checked }
    },
    // What was saved once was in force: it is not held to rules that came later, or an emergency could not be undone.
    async restore(tenantId, label, version, by) {
      const { layer } = await get(tenantId, label, version)
      return insert({ tenantId, label, layer, ...by, restoredVersion: version }, undefined)
    },
  }
}

function refusal({ errors, warnings }: CheckedConfig): AppError {
  const [first] = errors
  const more = errors.length === 1 ? '' : ` (and ${errors.length - 1} more)`
  const place = first?.path ? `${first.path}: ` : ''
  const message = `the configuration has errors: ${place}${first?.message}${more}`
  const shown = { errors: errors.slice(0, findingsShownMax), warnings: warnings.slice(0, findingsShownMax) }
  return new AppError('invalid_argument', message, { details: shown })
}

const labelPlatforms: Readonly<Record<string, readonly AgentPlatform[]>> = {
  windows: ['windows'],
  macos: ['darwin'],
  linux: ['linux'],
}

/** The layer by itself, and what it comes to over those that every host of a platform has. */
function checkLayer(layers: Layers, label: string, layer: ConfigurationLayer): CheckedConfig {
  const name = label.toLowerCase()
  const platforms = labelPlatforms[name] ?? agentPlatforms
  const others = [...layers.values()].filter(each => each.label.toLowerCase() !== name)
  const tables = others.flatMap(each => ownTableNames(each.layer.config))
  const checked = checkAgentConfig(layer.config, platforms, tables)
  if (checked.config === undefined) return checked
  const version = { ...emptyVersion, label, layer }
  const errors = platforms.flatMap(platform => {
    const isBelow = (each: string) => isBuiltInLayer(each) && (labelPlatforms[each] ?? [platform]).includes(platform)
    const below = others.filter(each => isBelow(each.label.toLowerCase()))
    const bytes = largestBytes(layConfigs([...below, version], platform), platform)
    if (bytes <= configBytesMax) return []
    const bounds = `${bytes.toLocaleString('en')} bytes on ${platform}: agents take at most`
    return [{ path: '', message: `over what is below it, it has ${bounds} ${configBytesMax.toLocaleString('en')}` }]
  })
  return errors.length === 0 ? checked : { ...checked, config: undefined, errors }
}

const emptyVersion = { tenantId: '', version: 0, comment: '', createdAt: 0, createdBy: '' }
