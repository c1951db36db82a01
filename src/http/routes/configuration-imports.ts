import type { FastifyRequest } from 'fastify'
import { decodeText } from '../../api/body.ts'
import {
  ConvertQuery,
  ConvertReply,
  checkedComment,
  ImportQuery,
  importFormatOf,
  importFormats,
  SavedReply,
  shownFindings,
} from '../../api/configurations.ts'
import { type Parameters, textParameter, wordParameter } from '../../api/parameters.ts'
import { addToLayer } from '../../osquery/agent-config/layers.ts'
import { type AgentConfig, checkAgentConfig } from '../../osquery/agent-config.ts'
import { importConf } from '../../osquery/config-import/conf.ts'
import { importFleetYaml } from '../../osquery/config-import/fleet-yaml.ts'
import type { ImportedConfig } from '../../osquery/config-import/imported.ts'
import type { AppDependencies } from '../dependencies.ts'
import type { App } from '../instance.ts'
import { tenantCallerOf } from '../plugins/access.ts'
import { bodyOf } from '../plugins/bodies.ts'
import type { RouteAccess } from '../route-access.ts'
import { answerSaved, labelOf } from './configurations.ts'

// Files of osquery and of Fleet as configurations: to look at, or put into what a label has.

const base = '/lake/v1/configurations'
const reading: RouteAccess = { kind: 'tenant', action: 'configurations.read' }
const writing: RouteAccess = { kind: 'tenant', action: 'configurations.write' }

export function configurationImportRoutes(app: App, deps: AppDependencies): void {
  app.post(
    `${base}/convert`,
    {
      config: { access: reading },
      schema: {
        summary: 'Read a file of osquery or of Fleet as a configuration',
        ...{ querystring: ConvertQuery, bodyTypes: ['text/plain', 'application/yaml'] },
        response: { 200: ConvertReply },
      },
    },
    async request => {
      const { config, warnings } = readFile(request)
      const checked = checkAgentConfig(config)
      return {
        configuration: config,
        errors: shownFindings(checked.errors),
        warnings: shownFindings([...warnings, ...checked.warnings]),
      }
    },
  )

  /** Things of the file take the place of those of their name; nothing else that the label has is changed. */
  app.post(
    `${base}/:label/import`,
    {
      config: { access: writing, audit: 'configurations.import' },
      schema: {
        summary: "Put a file of osquery or of Fleet into a label's configuration",
        ...{ querystring: ImportQuery, bodyTypes: ['text/plain', 'application/yaml'] },
        response: { 200: SavedReply },
      },
    },
    async request => {
      const { agents, clock } = deps
      const { tenantId, principalId } = tenantCallerOf(request)
      const label = labelOf(request)
      const comment = checkedComment(textParameter(request.query as Parameters, 'comment') ?? '')
      const imported = readFile(request)
      const current = await agents.configurations.get(tenantId, label)
      const layer = { ...current.layer, config: addToLayer(current.layer.config as AgentConfig, imported.config) }
      const change = { tenantId, label, layer, comment, createdAt: clock(), createdBy: principalId }
      const saved = await agents.configurations.put(change, current.version)
      return answerSaved(deps, request, saved, [...imported.warnings, ...saved.checked.warnings])
    },
  )
}

function readFile(request: FastifyRequest): ImportedConfig {
  const parameters = request.query as Parameters
  const text = decodeText(bodyOf(request))
  const format = wordParameter(parameters, 'format', importFormats) ?? importFormatOf(text)
  return format === 'fleet' ? importFleetYaml(text) : importConf(text, textParameter(parameters, 'pack') ?? 'imported')
}
