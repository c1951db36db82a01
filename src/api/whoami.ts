import Type, { type Static } from 'typebox'
import { accountTypes, type Caller } from '../model/principal.ts'

/** No other keys: a known client's constructor is strict. */
export const Whoami = Type.Object({
  id: Type.String({ description: 'id of the tenant, organization or partner' }),
  idType: Type.Enum([...accountTypes]),
  apiHosts: Type.Object({
    global: Type.String(),
    dataRegion: Type.Optional(Type.String({ description: 'tenants only' })),
  }),
})
export type Whoami = Static<typeof Whoami>

/** Where this server is reached, and the tenant's data, without a trailing slash: clients concatenate. */
export function toWhoami(caller: Caller, origin: string, dataOrigin: string): Whoami {
  const isTenant = caller.accountType === 'tenant'
  return {
    id: caller.accountId,
    idType: caller.accountType,
    apiHosts: { global: origin, ...(isTenant ? { dataRegion: dataOrigin } : {}) },
  }
}
