import { SettingsReply } from '../../api/settings.ts'
import type { AppDependencies } from '../dependencies.ts'
import type { App } from '../instance.ts'

export function settingRoutes(app: App, { settings, version }: AppDependencies): void {
  app.get(
    '/lake/v1/settings',
    {
      config: { access: { kind: 'account', action: 'settings.read' } },
      schema: { summary: 'Which limits are in force', response: { 200: SettingsReply } },
    },
    async () => ({ version, items: (settings.inForce ?? []).map(item => ({ ...item })) }),
  )
}
