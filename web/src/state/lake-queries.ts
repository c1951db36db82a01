import { queryOptions, type UseQueryResult, useQuery } from '@tanstack/react-query'
import type { LakeSchemaReply } from '../../../src/api/lake-schema.ts'
import type { LakeStats } from '../../../src/api/lake-stats.ts'
import type { SqlFunction } from '../../../src/api/sql-tools.ts'
import {
  readCategories,
  readFunctions,
  readSavedQueries,
  readSchema,
  readStats,
} from '../../../src/client/console-reads.ts'
import type { Library } from '../library/query-groups.ts'
import type { DataSpan } from '../run/window.ts'
import { useSession } from '../session/session-context.tsx'

// What the screen knows of the lake, asked once and again at its own pace.

const schemaMs = 60_000
const statsMs = 10_000
const firstStatsMs = 2_000

export function useSchema(): UseQueryResult<LakeSchemaReply> {
  const { client } = useSession()
  return useQuery({
    queryKey: ['schema'],
    queryFn: ({ signal }) => readSchema(client, signal),
    refetchInterval: schemaMs,
  })
}

export function useStats(): UseQueryResult<LakeStats> {
  return useQuery(useStatsOptions())
}

/** Where the rows lie. Changes only when that does: what shows rows is not drawn again for each reading. */
export function useDataSpan(): DataSpan | undefined {
  return useQuery({ ...useStatsOptions(), select: spanOf }).data
}

function spanOf({ oldest, newest }: LakeStats): DataSpan {
  return { oldest, newest }
}

function useStatsOptions() {
  const { client } = useSession()
  return queryOptions({
    queryKey: ['stats'],
    queryFn: ({ signal }) => readStats(client, signal),
    // A rate needs two readings: the second one comes soon.
    refetchInterval: query => (query.state.dataUpdateCount < 2 ? firstStatsMs : statsMs),
    staleTime: statsMs,
  })
}

export function useFunctions(): UseQueryResult<readonly SqlFunction[]> {
  const { client } = useSession()
  return useQuery({
    queryKey: ['functions'],
    queryFn: ({ signal }) => readFunctions(client, signal),
    staleTime: Number.POSITIVE_INFINITY,
  })
}

export const libraryKey = ['library'] as const

export function useLibrary(): UseQueryResult<Library> {
  const { client } = useSession()
  return useQuery({
    queryKey: libraryKey,
    queryFn: async ({ signal }) => {
      const [queries, categories] = await Promise.all([
        readSavedQueries(client, signal),
        readCategories(client, signal),
      ])
      return { queries, categories }
    },
  })
}
