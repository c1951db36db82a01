import { toWhoami, Whoami } from '../../api/whoami.ts'
import type { AppDependencies } from '../dependencies.ts'
import type { App } from '../instance.ts'
import { originOf } from '../origin.ts'
import { callerOf } from '../plugins/access.ts'

export function whoamiRoutes(app: App, deps: AppDependencies): void {
  app.get(
    '/whoami/v1',
    {
      config: { access: { kind: 'caller' }, isCounted: true },
      schema: { summary: 'Who the token is, and where its data is', response: { 200: Whoami } },
    },
    async request => toWhoami(callerOf(request), originOf(request, deps.settings.publicUrl)),
  )
}
