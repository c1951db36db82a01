import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useEffect, useMemo, useState } from 'react'
import type { ValidateReply } from '../../../src/api/sql-tools.ts'
import { validateSql } from '../../../src/client/console-reads.ts'
import { codeOf } from '../session/session.ts'
import { useSession } from '../session/session-context.tsx'
import type { RunSpec } from './run-request.ts'

// The statement is checked while it is typed: what is wrong and where, and what a run would read.

const typingMs = 350

export interface Check {
  /** Undefined: none yet, nothing to check, or the check itself could not be made. */
  readonly reply: ValidateReply | undefined
  /** The text the reply is about; it may be a moment older than the editor's. */
  readonly template: string
  readonly isBusy: boolean
}

export function useCheck(spec: RunSpec): Check {
  const { client } = useSession()
  const settled = useSettled(spec, typingMs)
  const isBlank = settled.template.trim() === ''
  const query = useQuery({
    queryKey: ['check', settled],
    queryFn: ({ signal }) => {
      const { template, variables, window } = settled
      return validateSql(client, { template, variables: [...variables], ...window }, signal)
    },
    enabled: !isBlank,
    placeholderData: keepPreviousData,
    staleTime: 30_000,
    gcTime: 60_000,
  })
  const isMade = !isBlank && !query.isPlaceholderData && codeOf(query.error) === undefined
  return {
    reply: isMade ? query.data : undefined,
    template: settled.template,
    isBusy: query.isFetching || settled !== spec,
  }
}

/** The value as it was when it last stood still for `ms`; compared as JSON, so a fresh object is no change. */
function useSettled(value: RunSpec, ms: number): RunSpec {
  const text = JSON.stringify(value)
  const [settled, setSettled] = useState(text)
  useEffect(() => {
    const timer = setTimeout(() => setSettled(text), ms)
    return () => clearTimeout(timer)
  }, [text, ms])
  return useMemo(() => (settled === text ? value : (JSON.parse(settled) as RunSpec)), [settled, text, value])
}
