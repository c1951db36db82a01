import Type from 'typebox'

// `/lake/v1/settings`: which limits are in force, read-only; they are set where the server is started.

export const SettingsReply = Type.Object({
  version: Type.String(),
  items: Type.Array(
    Type.Object({
      name: Type.String({ description: 'the flag, without its dashes' }),
      value: Type.String({ description: 'as it would be given' }),
      unit: Type.String(),
      why: Type.String(),
    }),
  ),
})
