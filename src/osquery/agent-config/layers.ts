import type { AgentConfig, Decorators } from '../agent-config.ts'

// Layers of configuration laid over one another: the lower first. Things with names (options, scheduled queries, packs,
// views, categories of paths) are taken one by one, whole, from the highest layer that has the name, null there taking
// them away; decorators of all layers are kept, each once; any other section is the highest layer's.

const named: ReadonlySet<string> = new Set([
  ...['options', 'schedule', 'packs', 'views', 'file_paths', 'file_paths_query', 'exclude_paths'],
  'auto_table_construction',
])

/**
 * `layer` with the things of an imported file put into it, each in place of the one of its name; what the layer takes
 * away from those below it stays taken away.
 */
export function addToLayer(layer: AgentConfig, imported: AgentConfig): AgentConfig {
  const added = new Map(Object.entries(layer))
  for (const [section, value] of Object.entries(imported)) {
    const own = added.get(section)
    if (!named.has(section)) added.set(section, mergeConfigs([{ [section]: own ?? {} }, { [section]: value }])[section])
    else added.set(section, Object.fromEntries([...Object.entries(Object(own)), ...Object.entries(Object(value))]))
  }
  return Object.fromEntries(added)
}

export function mergeConfigs(layers: readonly AgentConfig[]): AgentConfig {
  const merged = new Map<string, unknown>()
  for (const layer of layers) {
    for (const [section, value] of Object.entries(layer)) {
      if (value === null) merged.delete(section)
      else if (named.has(section)) merged.set(section, mergeNamed(merged.get(section), value))
      else if (section === 'decorators')
        merged.set(section, mergeDecorators(merged.get(section) ?? {}, value as object))
      else merged.set(section, value)
    }
  }
  return Object.fromEntries(merged)
}

function mergeNamed(lower: unknown, upper: unknown): object {
  const things = new Map(Object.entries(Object(lower)))
  for (const [name, thing] of Object.entries(Object(upper))) {
    if (thing === null) things.delete(name)
    else things.set(name, thing)
  }
  return Object.fromEntries(things)
}

function mergeDecorators(lower: Decorators, upper: Decorators): Decorators {
  const once = (...lists: readonly (readonly string[] | undefined)[]) => [...new Set(lists.flatMap(list => list ?? []))]
  const interval = { ...lower.interval }
  for (const [seconds, list] of Object.entries(upper.interval ?? {})) interval[seconds] = once(interval[seconds], list)
  return {
    ...lower,
    ...upper,
    load: once(lower.load, upper.load),
    always: once(lower.always, upper.always),
    interval,
  }
}
