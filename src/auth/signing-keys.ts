import { type CryptoKey, exportJWK, generateKeyPair, importJWK, type JWK } from 'jose'
import { inTransaction, type Store } from '../db/db.ts'
import {
  deleteSigningKeysRetiredBefore,
  insertSigningKey,
  listSigningKeys,
  retireOtherSigningKeys,
  type StoredSigningKey,
} from '../db/signing-keys.ts'
import { accessTokenSeconds, signingKeyMs } from '../limits.ts'
import type { Clock } from '../model/clock.ts'
import { newId } from '../model/ids.ts'

// The keys that sign access tokens. One key is current; a retired one still verifies until the last token it signed has
// expired, then it is deleted. Rotation is therefore invisible to clients.

/** The only algorithm we sign with and accept: EdDSA over Ed25519 (RFC 8037). */
export const signingAlgorithm = 'EdDSA'

/** How long a retired key verifies: the life of a token, and a minute for clocks. */
const overlapMs = accessTokenSeconds * 1000 + 60_000

export interface SigningKeys {
  /** The key new tokens are signed with; one past its age is rotated first. */
  current(): Promise<{ readonly kid: string; readonly key: CryptoKey }>
  /** The public key a token names, or undefined when it is none of ours or no longer valid. */
  find(kid: string): Promise<CryptoKey | undefined>
  /** RFC 7517: public keys only, the current one first. */
  jwks(): Promise<{ keys: JWK[] }>
  /** Makes a new current key; the old one keeps verifying until its tokens have expired. Keys past that are deleted. */
  rotate(): Promise<void>
}

interface LoadedKey {
  readonly kid: string
  readonly privateKey: CryptoKey
  readonly publicKey: CryptoKey
  readonly publicJwk: JWK
  readonly createdAt: number
  readonly retiredAt: number | undefined
}

/**
 * Opens the store's keys and makes the first one when there is none. This process is the only one that rotates them.
 */
export async function openSigningKeys(store: Store, clock: Clock): Promise<SigningKeys> {
  let keys = await load(store)
  if (!keys.some(key => key.retiredAt === undefined)) {
    await addKey(store, clock())
    keys = await load(store)
  }
  const usable = () => keys.filter(key => key.retiredAt === undefined || key.retiredAt + overlapMs > clock())
  let rotation: Promise<void> | undefined

  /** Callers that come while a rotation is under way share it. */
  function rotate(): Promise<void> {
    rotation ??= addKey(store, clock())
      .then(async () => {
        keys = await load(store)
      })
      .finally(() => {
        rotation = undefined
      })
    return rotation
  }

  function currentKey(): LoadedKey {
    const key = keys.find(each => each.retiredAt === undefined)
    if (key === undefined) throw new Error('the store has no current signing key')
    return key
  }

  return {
    async current() {
      if (currentKey().createdAt + signingKeyMs <= clock()) await rotate()
      const { kid, privateKey } = currentKey()
      return { kid, key: privateKey }
    },
    async find(kid) {
      return usable().find(key => key.kid === kid)?.publicKey
    },
    async jwks() {
      return { keys: usable().map(key => key.publicJwk) }
    },
    rotate,
  }
}

/** Commit point of a rotation: one transaction makes the new key current and retires the old one. */
async function addKey(store: Store, now: number): Promise<void> {
  const pair = await generateKeyPair(signingAlgorithm, { crv: 'Ed25519', extractable: true })
  const kid = newId()
  const privateJwkJson = JSON.stringify(await exportJWK(pair.privateKey))
  await inTransaction(store, async transaction => {
    await insertSigningKey(transaction, {
      kid,
      algorithm: signingAlgorithm,
      privateJwkJson,
      createdAt: now,
      retiredAt: undefined,
    })
    await retireOtherSigningKeys(transaction, kid, now)
    await deleteSigningKeysRetiredBefore(transaction, now - overlapMs)
  })
}

async function load(store: Store): Promise<readonly LoadedKey[]> {
  return Promise.all((await listSigningKeys(store)).map(loadKey))
}

async function loadKey(stored: StoredSigningKey): Promise<LoadedKey> {
  const privateJwk = JSON.parse(stored.privateJwkJson) as JWK
  const { d: _, ...publicPart } = privateJwk
  const publicJwk = { ...publicPart, kid: stored.kid, alg: signingAlgorithm, use: 'sig' }
  return {
    kid: stored.kid,
    privateKey: (await importJWK(privateJwk, signingAlgorithm)) as CryptoKey,
    publicKey: (await importJWK(publicJwk, signingAlgorithm)) as CryptoKey,
    publicJwk,
    createdAt: stored.createdAt,
    retiredAt: stored.retiredAt,
  }
}
