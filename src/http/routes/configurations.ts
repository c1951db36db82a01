import type { FastifyRequest } from 'fastify'
import { decodeText, parseJson } from '../../api/body.ts'
import {
  CheckReply,
  ConfigurationBody,
  ConfigurationList,
  ConfigurationQuery,
  ConfigurationReply,
  comparedLayer,
  DiffQuery,
  DiffReply,
  LayerBody,
  parseConfiguration,
  parseRollback,
  RollbackBody,
  SavedReply,
  shownFindings,
  toConfiguration,
  toWireVersion,
  VersionList,
  VersionListQuery,
  versionParameter,
} from '../../api/configurations.ts'
import { parseLabelName } from '../../api/labels.ts'
import { numberedPages, parseNumberedPage } from '../../api/page.ts'
import type { Parameters } from '../../api/parameters.ts'
import type { SavedConfiguration } from '../../fleet/configurations.ts'
import { builtInLabels } from '../../fleet/labels.ts'
import { packVersion } from '../../fleet/packs/decorators.ts'
import { configVersionsPageMax, listPageDefault } from '../../limits.ts'
import { diffConfigs } from '../../osquery/agent-config/diff.ts'
import type { Finding } from '../../osquery/agent-config/findings.ts'
import type { AppDependencies } from '../dependencies.ts'
import type { App } from '../instance.ts'
import { tenantCallerOf } from '../plugins/access.ts'
import { bodyOf } from '../plugins/bodies.ts'
import type { RouteAccess } from '../route-access.ts'

// What agents are given, by label: read, checked, changed, and taken back. Files of others are in
// configuration-imports.ts, what one host is given in host-configuration.ts.

const base = '/lake/v1/configurations'
const reading: RouteAccess = { kind: 'tenant', action: 'configurations.read' }
const writing: RouteAccess = { kind: 'tenant', action: 'configurations.write' }

export function configurationRoutes(app: App, deps: AppDependencies): void {
  reads(app, deps)
  history(app, deps)
  changes(app, deps)
}

function reads(app: App, { agents: { configurations } }: AppDependencies): void {
  app.get(
    base,
    { config: { access: reading }, schema: { summary: 'List configurations', response: { 200: ConfigurationList } } },
    async request => {
      const versions = await configurations.list(tenantCallerOf(request).tenantId)
      return { items: versions.map(toWireVersion), shippedVersion: packVersion }
    },
  )

  app.get(
    `${base}/:label`,
    {
      config: { access: reading },
      schema: {
        summary: "Get a label's configuration",
        querystring: ConfigurationQuery,
        response: { 200: ConfigurationReply },
      },
    },
    async request => {
      const { tenantId } = tenantCallerOf(request)
      const version = versionParameter(request.query as Parameters, 'version')
      return toConfiguration(await configurations.get(tenantId, labelOf(request), version))
    },
  )

  app.post(
    `${base}/:label/validate`,
    {
      config: { access: reading },
      schema: { summary: 'Check a configuration without saving it', body: LayerBody, response: { 200: CheckReply } },
    },
    async request => {
      const { layer } = parseConfiguration(parseJson(decodeText(bodyOf(request))))
      const checked = await configurations.check(tenantCallerOf(request).tenantId, labelOf(request), layer)
      return {
        isValid: checked.config !== undefined,
        errors: shownFindings(checked.errors),
        warnings: shownFindings(checked.warnings),
        bytes: checked.bytes,
      }
    },
  )
}

function history(app: App, { agents: { configurations } }: AppDependencies): void {
  app.get(
    `${base}/:label/versions`,
    {
      config: { access: reading },
      schema: {
        summary: "List the versions of a label's configuration",
        querystring: VersionListQuery,
        response: { 200: VersionList },
      },
    },
    async request => {
      const { tenantId } = tenantCallerOf(request)
      const label = labelOf(request)
      const sizes = { sizeDefault: listPageDefault, sizeMax: configVersionsPageMax }
      const page = parseNumberedPage(request.query as Parameters, sizes)
      const versions = await configurations.versions(tenantId, label, page.offset, page.pageSize)
      // Versions are dense, so the newest one says how many there are.
      const total = page.isTotalWanted ? (await configurations.get(tenantId, label)).version : 0
      return { items: versions.map(toWireVersion), pages: numberedPages(page, total) }
    },
  )

  app.get(
    `${base}/:label/diff`,
    {
      config: { access: reading },
      schema: {
        summary: "Compare two versions of a label's configuration",
        querystring: DiffQuery,
        response: { 200: DiffReply },
      },
    },
    async request => {
      const { tenantId } = tenantCallerOf(request)
      const parameters = request.query as Parameters
      const label = labelOf(request)
      const after = await configurations.get(tenantId, label, versionParameter(parameters, 'to'))
      const from = versionParameter(parameters, 'from') ?? Math.max(0, after.version - 1)
      const before = await configurations.get(tenantId, label, from)
      const changes = diffConfigs(comparedLayer(before), comparedLayer(after)).map(change => ({ ...change }))
      return { label, from: before.version, to: after.version, changes }
    },
  )
}

function changes(app: App, deps: AppDependencies): void {
  const { agents, clock } = deps
  const by = (request: FastifyRequest, comment: string) => ({
    ...{ comment, createdAt: clock(), createdBy: tenantCallerOf(request).principalId },
  })

  app.put(
    `${base}/:label`,
    {
      config: { access: writing, audit: 'configurations.put' },
      schema: { summary: "Save a label's configuration", body: ConfigurationBody, response: { 200: SavedReply } },
    },
    async request => {
      const { tenantId } = tenantCallerOf(request)
      const label = labelOf(request)
      const { layer, comment, baseVersion } = parseConfiguration(parseJson(decodeText(bodyOf(request))))
      const change = { tenantId, label, layer, ...by(request, comment) }
      const saved = await agents.configurations.put(change, baseVersion)
      return answerSaved(deps, request, saved, saved.checked.warnings)
    },
  )

  app.post(
    `${base}/:label/rollback`,
    {
      config: { access: writing, audit: 'configurations.rollback' },
      schema: {
        summary: 'Save an old version of a configuration as the next one',
        body: RollbackBody,
        response: { 200: SavedReply },
      },
    },
    async request => {
      const { tenantId } = tenantCallerOf(request)
      const { version, comment } = parseRollback(parseJson(decodeText(bodyOf(request))))
      const saved = await agents.configurations.restore(tenantId, labelOf(request), version, by(request, comment))
      return answerSaved(deps, request, saved, [])
    },
  )
}

/** What was saved, and what whoever saved it should know. */
export async function answerSaved(
  { agents }: AppDependencies,
  request: FastifyRequest,
  { version, isNew }: Pick<SavedConfiguration, 'version' | 'isNew'>,
  warnings: readonly Finding[],
) {
  const { label } = version
  const { restoredVersion } = version
  request.audited = {
    target: label,
    details: { version: version.version, isNew, ...(restoredVersion === undefined ? {} : { restoredVersion }) },
  }
  const names = [...builtInLabels, ...(await agents.labels.list(version.tenantId)).map(({ name }) => name)]
  const isKnown = names.some(name => name.toLowerCase() === label.toLowerCase())
  const nobody = { path: '', message: `there is no label ${label} yet: no host is given this` }
  return {
    ...toWireVersion(version),
    isNew,
    warnings: shownFindings(isKnown ? warnings : [nobody, ...warnings]),
  }
}

/** The label of the path. Throws `invalid_argument` for what is no name of one. */
export function labelOf(request: FastifyRequest): string {
  const { label } = request.params as { readonly label: string }
  return builtInLabels.includes(label.toLowerCase()) ? label.toLowerCase() : parseLabelName(label, [])
}
